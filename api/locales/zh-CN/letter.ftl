# 邀请邮件、信函、海报和话单的文字。两种语言的条目必须一致（有测试检查）。
letter-subject = 邀请您评价“{ $subject }”
letter-subject-reminder = 提醒：请您评价“{ $subject }”
letter-greeting = 您好：
letter-greeting-name = { $name }，您好：
letter-ask = “{ $round }”正在听取大家的意见。请您花一两分钟参加“{ $survey }”，说说对“{ $subject }”的看法。
letter-reminder = 之前给您发过这份邀请，到发信时还没有用过。如果您刚刚答完，请不必理会这封信。
letter-open = 开始作答
letter-link = 如果按钮打不开，请把下面的网址复制到浏览器里：
letter-scan = 用手机扫一扫二维码就能作答；也可以在浏览器里输入网址。
letter-code = 邀请码
letter-until = 请在 { $until } 前作答。
letter-once = 这个链接只给您一个人用，只能答一次，请不要转发。打开看看不算用掉，提交以后才算。
letter-confidential = 系统只记下这份邀请“已用”还是“未用”。答卷另外存放，不写您是谁，也不写作答时间。我们为您保密，但不敢说绝对匿名：能直接打开数据库的技术人员，仍有可能推断出来。
letter-free = 任何人都无权要求您怎样回答，也无权查看您的回答。
letter-erased = 您的邮箱地址只用来发这份邀请，测评结束 { $days } 天后删除。
letter-fictional = 演示数据：信中的单位和人员均为虚构。
poster-title = 请您评价
poster-scan = 扫一扫，说说您的看法
poster-how = 扫描二维码，或在浏览器里输入网址。一两分钟就能答完，不问您是谁。
poster-open = 这是公开的问卷：谁都可以答。公布结果时会说明这一点。
handout-phone = 手机号
handout-name = 姓名
handout-subject = 评价对象
handout-link = 链接
form-paper-how = 请在选中的方格里打“√”。带“*”的题必须回答；没有选的不算回答。不要写姓名和电话。
form-paper-ballot = 每行评一位。整行不打“√”就是弃权。
form-paper-several = 可以选几项
form-paper-required = 必答
form-paper-entry = 录入人员：列名用题目代码，单元格写选项代码；邀请码写在“邀请码”一列。
form-paper-if = 只有第 { $number } 题选了“{ $options }”才需回答。

# Warnings to those who run a survey.
warning-subject = 明鉴预警：{ $survey }
warning-about = { $round }的“{ $survey }”出现以下预警：
warning-steps = 以上为中间数，每次至少随十份答卷变动；每项预警只发送一次。
