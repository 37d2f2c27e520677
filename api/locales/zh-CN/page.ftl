# 群众页面的文字。两种语言的条目必须一致（有测试检查）。
brand = 明鉴
skip = 跳到正文
display = 显示方式
large-print = 大字
large-print-off = 正常字号
other-language = English

form-title = { $survey }：{ $subject }
form-about = 您正在评价
promise-title = 您的回答会怎样
promise-length = 共 { $count } 题，一两分钟就能答完。
promise-use = 回答用于统计大家对“{ $subject }”的看法，提交后不能修改。
promise-link = 本页不问您是谁，答卷里没有您的姓名、电话和网络地址。
promise-link-open = 这是公开链接，一个人可能多次作答，公布结果时会说明这一点。
promise-invitation = 一份邀请只能答一次。系统记下邀请“已用”，答卷另外存放，不写您是谁，也不写作答时间。
promise-confidential = 我们为您保密，但不敢说绝对匿名：能直接打开数据库的技术人员，仍有可能推断出来。
promise-receipt = 提交后您会得到回执码，凭它能查到答卷是否计入，查不到内容。

question-number = 第 { $number } 题，共 { $count } 题
question-required = 必答
question-optional = 选答
question-several = 可以选几项
question-words = 最多 { $longest } 个字。请不要写姓名、电话等个人信息。
question-skip = 这题不答
question-only-if = 只有在“{ $question }”选了“{ $options }”才需要回答。

ballot-title = { $survey }：评议票
ballot-length = 共 { $count } 位评议对象，每位一行，可以先跳过再回头填。
ballot-abstain = 不了解的可以整行留空，留空就是弃权，单独计数，不算好也不算差。一行开始填了，标“必答”的都要选。
ballot-use = 回答只按行计数，提交后不能修改。
ballot-needed = 必答
ballot-blank = 留空
ballot-counts = 已评 # 位，留空 ~ 位
ballot-sent = 您评议了 { $filled } 位，留空（弃权）{ $blank } 位。
ballot-blank-title = 您还没有评议任何一位
ballot-blank-text = 每一行都留空就是全部弃权。确实要这样交，请在下面打勾再提交；不是的话，请往下填写。
ballot-blank-meant = 我全部弃权，交空白票
ballot-hint = 提交后不能修改。留空的行算弃权。网络慢时请稍等，不会重复计数。

draft-kept = 您先前填写、还没有交的内容都在，请看一遍再提交。
draft-offline = 现在没有网络，还没有交。您填写的内容都在，网络恢复后再按一次“提交答卷”，不会重复计数。

submit = 提交答卷
submit-hint = 提交后不能修改。网络慢时请稍等，不会重复计数。

faults-title = 还差一点，请改好后再提交
faults-kept = 您已经填写的内容都在。
faults-prefix = 有待修改：
fault = 请修改：
fault-missing = 这题还没有回答，请选一项。
fault-missing-words = 这题还没有回答，请写几个字。
fault-unknown-option = 收到了一个没有的选项，请重新选择。
fault-too-many = 这题只能选一项。
fault-too-long = 最多 { $longest } 个字，现在有 { $found } 个字，请删减。
fault-control-character = 文字里夹带了看不见的特殊字符，已经替您去掉，请看一遍再提交。
fault-unknown-question = 收到了本问卷没有的题目，已经去掉，请再提交一次。
fault-foreign-form = 这一页放得太久或已失效，已经为您换上新的，请再提交一次。
busy-title = 现在人多，还没有收到您的答卷
busy-text = 您填写的内容都在。请过几秒钟再按“提交答卷”，不会重复计数。

thanks-title = 谢谢，答卷已收到
thanks-text = 您的回答已经安全保存。
thanks-receipt = 您的回执码
thanks-keep = 请截屏或抄下来。以后想知道答卷是否计入，用它来查。别人拿到它也看不到您的回答。
thanks-lookup = 用回执码查询
thanks-close = 现在可以关闭本页。

closed-title = 本次测评已经结束
closed-text = 测评已经截止，不再接收答卷。谢谢您的关心。
not-yet-title = 本次测评还没有开始
not-yet-text = 现在还不能作答，请到开始以后再打开这个链接。
answered-title = 这份邀请已经用过
answered-text = 一份邀请只能答一次，我们已经收到一份答卷。如果不是您本人作答，请联系给您邀请的单位。
sent-title = 这份答卷已经提交过
sent-text = 提交后不能修改，先前的答卷仍然有效。
unknown-title = 没有找到这个页面
unknown-text = 链接可能不完整，请检查后重新打开，或联系给您链接的单位。
unavailable-title = 暂时打不开，请稍后再试
unavailable-text = 系统正忙。请过几秒钟再试一次。
too-large-title = 内容太长，没有收到
too-large-text = 请按“返回”，把文字缩短后再提交。
unreadable-title = 没有看懂收到的内容
unreadable-text = 请返回上一页，重新提交。

receipt-title = 查询答卷是否计入
receipt-text = 输入提交后得到的回执码。这里只告诉您是否计入，不显示任何回答。
receipt-label = 回执码
receipt-hint = 共 28 个字母和数字，大小写、空格和短横都不要紧。
receipt-submit = 查询
receipt-counted-title = 已经计入
receipt-counted-text = 这份答卷已保存，并计入统计。
receipt-not-counted-title = 已经收到，未计入统计
receipt-not-counted-text = 这份答卷已保存，但按测评规则没有计入统计，例如填写时间过短。
receipt-prove = 查看封存证明
receipt-sealed-title = 在封存清单里
receipt-sealed-text = 测评结束时，全部答卷已封存。这份答卷在其中，此后没有改动。
receipt-place = 封存清单共 { $size } 份，这是第 { $place } 份；次序随机，与提交先后无关。
receipt-proof = 封存证明
receipt-proof-hint = 存成文件后，任何人都可以用 mingjian-verify receipt 核对。证明里没有您的回答。
receipt-key = 公钥：
receipt-not-sealed-title = 还没有封存
receipt-not-sealed-text = 测评结束后不久才会封存，请到时再查；测评结束后补录的答卷不在封存之列。
receipt-unknown-title = 没有查到
receipt-unknown-text = 没有这个回执码的答卷。请核对是否抄错。
receipt-malformed = 回执码有误，请对照检查：应有 28 个字母和数字。
