# The words of the citizen pages. Both languages have the same entries, which a test checks.
brand = Mingjian
skip = Skip to content
display = Display
large-print = Large print
large-print-off = Normal print
other-language = 中文

form-title = { $survey }: { $subject }
form-about = You are rating
promise-title = What happens with your answers
promise-length = { $count ->
    [one] One question, done in a minute.
   *[other] { $count } questions, done in a minute or two.
}
promise-use = They are used to count what people think of “{ $subject }”.
promise-until = Answers are taken until { $when }.
promise-final = Once sent, they cannot be changed.
promise-changeable = You can change them until the survey ends, with a change code that comes with the receipt.
when = { $year }-{ $month }-{ $day }, { $time } ({ $zone })
zone-beijing = Beijing time
zone-other = { $zone } time
promise-link = This page does not ask who you are. No name, telephone number or network address is kept with your answers.
promise-link-open = This link is open to all, so one person may answer more than once. The published result says so.
promise-invitation = An invitation can be used once. We note that it was used; your answers are kept apart from it, without your name and without the time.
promise-confidential = We keep your answers confidential. We do not promise that they are anonymous: a technician with access to the database could still work it out.
promise-receipt = You will get a receipt code. It tells you whether your answers count, never what they are.

question-number = Question { $number } of { $count }
question-required = required
question-optional = optional
question-several = You may choose several
question-words = At most { $longest } characters. Please leave out names, telephone numbers and the like.
question-skip = No answer to this one
question-only-if = Only if you chose “{ $options }” for “{ $question }”.

trap = Please leave this empty
told-question = Did anybody tell you what to answer, or answer for you?
told-hint = Counted apart from your answers. Only the supervising body sees how many said so, and only from ten people on; those who are rated do not.
told-yes = Yes, somebody did
told-no = No, nobody did

ballot-title = { $survey }: ballot
ballot-length = { $count ->
    [one] There is one line to fill in.
   *[other] There are { $count } lines, one for each of those rated. You may skip some and come back.
}
ballot-abstain = Leave a line blank where you cannot judge: that is an abstention, counted apart, neither for nor against. Once you begin a line, answer what is marked “required”.
ballot-use = Answers are counted line by line.
ballot-needed = required
ballot-blank = Blank
ballot-counts = Rated: #. Left blank: ~
ballot-sent = You rated { $filled } and left { $blank } blank, which counts as abstaining.
ballot-blank-title = You have not rated anybody yet
ballot-blank-text = A ballot with every line blank abstains on all. If you mean that, tick the box below and send again; if not, please fill in the lines.
ballot-blank-meant = I abstain on all and hand in a blank ballot
ballot-hint = Once sent it cannot be changed. Blank lines are abstentions. If the network is slow, please wait: nothing is counted twice.
ballot-hint-changeable = Blank lines are abstentions. If the network is slow, please wait: nothing is counted twice.

draft-kept = What you entered before and did not send is still here. Please look it over and send it.
draft-offline = There is no network, so nothing was sent. What you entered is kept; once the network is back, send again. Nothing is counted twice.

submit = Send my answers
submit-hint = Once sent they cannot be changed. If the network is slow, please wait: nothing is counted twice.
submit-hint-changeable = If the network is slow, please wait: nothing is counted twice.

faults-title = Almost there: please correct this and send again
faults-kept = Everything that you entered is still here.
faults-prefix = To correct:
fault = Please correct:
fault-missing = This question has no answer yet. Please choose one.
fault-missing-words = This question has no answer yet. Please write a few words.
fault-unknown-option = An option arrived that this question does not have. Please choose again.
fault-too-many = Only one option can be chosen here.
fault-too-long = At most { $longest } characters; there are { $found } now. Please shorten your text.
fault-control-character = Your text held invisible special characters. We took them out; please look it over and send again.
fault-unknown-question = An answer arrived to a question that is not asked here. We took it out; please send again.
fault-foreign-form = This page was open for too long or is no longer good. Here is a new one; please send again.
busy-title = Very busy just now: your answers have not arrived yet
busy-text = Everything that you entered is still here. Please wait a few seconds and send again; nothing is counted twice.

thanks-title = Thank you, your answers have arrived
thanks-text = They are stored safely.
thanks-receipt = Your receipt code
thanks-keep = Please take a screenshot or write it down. With it you can see later whether your answers count. Nobody can see your answers with it.
thanks-lookup = Look up a receipt code
thanks-change = If you change your mind
thanks-change-until = Until { $when } you can send other answers in place of these. For that you need the receipt code and this change code:
thanks-change-text = Until the survey ends you can send other answers in place of these. For that you need the receipt code and this change code:
thanks-change-keep = Show the change code to nobody: who has both codes can send other answers in your place. Nobody can see your answers with them.
thanks-change-now = Change my answers now
thanks-close = You can close this page now.

change-link = Change answers that were sent
change-title = Change your answers
change-text = With the receipt code and the change code that you got when you sent your answers, you can send others in their place, until the survey ends.
change-label = Change code
change-hint = 16 letters and digits, which stood below the receipt code.
change-submit-codes = To an empty form
change-malformed = There is a slip in one of the codes. Please compare them: the receipt code has 28 letters and digits, the change code 16.
change-unknown = These two codes do not belong together. Please check whether they were copied correctly.
change-submit = Send my new answers
change-replaces = What you send now takes the place of what you sent before, which is kept but no longer counted. You will get a new receipt code and a new change code.
change-empty = The form is empty. What you said before is not shown, so that nobody can make you show it.

closed-title = This survey has ended
closed-text = It no longer takes answers. Thank you for your interest.
not-yet-title = This survey has not begun
not-yet-text = It does not take answers yet. Please open this link again once it has begun.
answered-title = This invitation has been used
answered-text = An invitation can be used once, and we have received answers with it. If they were not yours, please tell the office that invited you.
sent-title = These answers were sent before
sent-text = What was sent first still holds, and is not changed by sending this page again.
changed-title = These answers were changed before
changed-text = Other answers count in their place. To change those, use the receipt code and the change code that came with them.
unknown-title = There is no such page
unknown-text = The link may be incomplete. Please check it and open it again, or ask the office that gave it to you.
unavailable-title = Not available just now, please try again
unavailable-text = The system is busy. Please try again in a few seconds.
too-large-title = Too long: nothing was received
too-large-text = Please go back, shorten your text and send again.
unreadable-title = What arrived could not be read
unreadable-text = Please go back and send again.

receipt-title = Do my answers count?
receipt-text = Enter the receipt code that you got when you sent your answers. You will see whether they count, and never what they are.
receipt-label = Receipt code
receipt-hint = 28 letters and digits; capitals, spaces and hyphens do not matter.
receipt-submit = Look up
receipt-counted-title = They count
receipt-counted-text = These answers are stored and counted.
receipt-not-counted-title = Received, but not counted
receipt-not-counted-text = These answers are stored, but by the rules of the survey they are not counted, for example because they were filled in too fast.
receipt-replaced-title = Replaced
receipt-replaced-text = Other answers count in place of these.
receipt-prove = Show the proof
receipt-sealed-title = In the sealed list
receipt-sealed-text = When the survey closed, all sheets were sealed. This sheet is among them and was not changed since.
receipt-place = It is number { $place } of { $size } in the list; the order is random and says nothing of when it was sent.
receipt-proof = The proof
receipt-proof-hint = Saved as a file, anybody can check it with mingjian-verify receipt. Your answers are not in it.
receipt-key = Public key:
receipt-not-sealed-title = Not sealed yet
receipt-not-sealed-text = The sheets are sealed soon after the survey has closed; please look again then. Sheets that were entered after it closed are not sealed.
receipt-unknown-title = Not found
receipt-unknown-text = There are no answers with this receipt code. Please check whether it was copied correctly.
receipt-malformed = There is a slip in this code. Please compare it: it has 28 letters and digits.

preview-title = This is a preview
preview-text = Citizens will see the page below as it is, once the survey is open. You can try it out; nothing that you enter is sent or kept.
preview-unsent = In a preview nothing can be sent.
preview-over-title = This preview is over
preview-over-text = A preview lasts an hour and ends when the survey opens. Whoever runs the survey can make another one.
link-over-title = This link holds no longer
link-over-text = It was used already, has run out, or is incomplete. Ask for a new password at /reset, or ask an administrator to invite you again.
too-often-title = Too many attempts
too-often-text = Please wait a minute, go back and try again.

account-invitation-title = Your account
account-invitation-text = Choose the password with which you will log in. This link can be used once.
account-reset-title = A new password
account-reset-text = Choose a new password. All your sessions will end, and this link can be used once.
account-first-title = The first administrator
account-first-text = There is no account yet. This one keeps accounts: it invites everybody else, and sees no scores.
account-login = Log-in name
account-login-hint = 1 to 64 letters a to z, digits, hyphens, underscores and dots
account-login-unfit = This log-in name has other characters, or none.
account-name = Name to show
account-name-unfit = Write a name of 1 to 200 characters.
account-password = Password
account-password-hint = At least 12 characters. A few words that only you would put together are better than many signs.
account-short = This password has fewer than 12 characters.
account-long = This password is longer than 256 bytes.
account-again = The same password again
account-differs = The two passwords differ. Please enter both again.
account-submit = Set the password
account-done-title = The password is set
account-done-text = You can log in with it now. This page can be closed.

reset-title = Forgotten your password?
reset-text = Enter your log-in name or your mail address. You will get a mail with a link to choose another password.
reset-label = Log-in name or mail address
reset-submit = Send the mail
reset-sent-title = Look into your mailbox
reset-sent-text = If there is such an account with a mail address, a mail with a link is on its way. If none comes, ask your administrator.

factor-title = A second factor
factor-text = Whoever knows your password must also have your telephone. You need an app that makes one-time codes.
factor-begin = Go on
factor-scan = Scan this picture with the app.
factor-picture = Picture for the app
factor-type = Or type this key into it:
factor-code = Code that the app shows
factor-confirm = Turn it on
factor-login-refused = The log-in name or the password is wrong, or the account is locked for a while.
factor-present = This account has a second factor already.
factor-refused = This code is wrong or was used already. Enter the next one that the app shows.
factor-off = This server cannot keep second factors. Ask whoever operates it.
factor-late = That took too long. Please begin again.
factor-done-title = The second factor is on
factor-done-text = From now on you log in with your password and a code of the app. Your other sessions have ended.
factor-codes-title = Recovery codes
factor-codes-text = Write them down or print them now: they are not shown again. Each stands in for one code if the telephone is lost.
