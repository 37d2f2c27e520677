# Words of invitations by mail, of letters, posters and lists of numbers. Both languages have the same entries (a test checks it).
letter-subject = You are invited to rate “{ $subject }”
letter-subject-reminder = Reminder: please rate “{ $subject }”
letter-greeting = Hello,
letter-greeting-name = Hello { $name },
letter-ask = “{ $round }” is asking people what they think. Please take a minute or two for “{ $survey }” and say what you think of “{ $subject }”.
letter-reminder = This invitation was sent to you before, and it had not been used when this mail left. If you have just answered, please ignore this mail.
letter-open = Start
letter-link = If the button does not open, copy this address into your browser:
letter-scan = Scan the code with your phone to answer, or type the address into a browser.
letter-code = Invitation code
letter-until = Please answer before { $until }.
letter-once = This link is for you alone and admits one answer; please do not pass it on. Looking at it does not use it up, only sending your answers does.
letter-confidential = The system only notes whether this invitation has been used. Answers are kept apart from it, without your name and without the time. We keep them confidential, but do not promise that they are anonymous: a technician who can open the database itself might still work it out.
letter-free = Nobody has the right to tell you what to answer, or to see what you answered.
letter-erased = Your mail address is used for this invitation alone and is deleted { $days } days after the survey ends.
letter-fictional = Sample data: the units and persons in this letter are fictional.
poster-title = Please rate
poster-scan = Scan and say what you think
poster-how = Scan the code, or type the address into a browser. It takes a minute or two and does not ask who you are.
poster-open = This is an open survey: anybody can answer. The published results say so.
handout-phone = Telephone
handout-name = Name
handout-subject = About
handout-link = Link
form-paper-how = Please tick the box of your choice. Questions with “*” need an answer; what is not ticked is no answer. Please write no name and no telephone number.
form-paper-ballot = One row for each of those rated. A row without a tick is an abstention.
form-paper-several = You may tick several
form-paper-required = needs an answer
form-paper-entry = For whoever types this in: columns are named by the codes of questions, cells hold the codes of options; the code of the invitation goes into the column “code”.
form-paper-if = Only if question { $number } was answered “{ $options }”.

# Warnings to those who run a survey.
warning-subject = Mingjian: a warning of “{ $survey }”
warning-about = The survey “{ $survey }” of { $round } warns of the following:
warning-steps = Figures are interim. They move by ten answers and more, and each warning is mailed once.
