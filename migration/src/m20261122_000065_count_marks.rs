//! Of those who were invited it is counted how many bear a mark of the survey, of which a least share may be demanded.
//! Counts beside the others: no invitation and no sheet carries a mark.

step!("m20261122_000065_count_marks", STATEMENTS);

const STATEMENTS: [&str; 1] =
    ["ALTER TABLE survey_issue ADD COLUMN invited_marks TEXT CHECK (length(invited_marks) > 2)"];
