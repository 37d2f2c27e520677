//! From a file to an import: the same for the command line and for HTTP.

use service::inspection::import::{self, ImportKind, Report};

use super::{SheetFault, Table, read};

/// Names of columns as people write them, and as the import knows them.
const COLUMNS: [(&str, &str); 37] = [
    ("代码", "code"),
    ("对象类型", "kind"),
    ("类别", "category"),
    ("地区", "region"),
    ("名称", "name"),
    ("英文名称", "name_en"),
    ("单位代码", "subject"),
    ("考评项", "item"),
    ("部分", "part"),
    ("得分", "points"),
    ("考评人员", "inspector"),
    ("完成数", "done"),
    ("任务数", "tasks"),
    ("未完成序号", "undone"),
    ("任务", "task"),
    ("备注", "note"),
    ("数据", "measure"),
    ("时段", "period"),
    ("数值", "value"),
    ("种类", "kind"),
    ("文号", "reference"),
    ("发生日期", "event_on"),
    ("处理日期", "decision_on"),
    ("人数", "persons"),
    ("状态", "status"),
    ("评议群体", "panel"),
    ("姓名", "name"),
    ("邮箱", "mail"),
    ("手机号", "phone"),
    ("通信地址", "postal"),
    ("渠道", "channel"),
    ("邀请码", "code"),
    ("评议票", "ballot"),
    ("受邀人数", "invited"),
    ("发出份数", "issued"),
    ("到会人数", "attended"),
    ("应到人数", "entitled"),
];

/// Columns of grades of earlier rounds; `得分` is there what it is among scores.
const HISTORY_COLUMNS: [(&str, &str); 4] = [
    ("系列", "series"),
    ("轮次", "round"),
    ("等次", "grade"),
    ("结束日期", "closed_on"),
];

/// Reads a file as a table of this kind.
///
/// # Errors
/// The file is no table.
pub fn read_table(bytes: &[u8], kind: ImportKind) -> Result<import::Table, SheetFault> {
    let mut table = read(bytes)?;
    if kind == ImportKind::Scores {
        table = table.unfold_scores()?;
    }
    Ok(translate(table))
}

fn translate(table: Table) -> import::Table {
    let known = |name: &str| {
        COLUMNS
            .iter()
            .chain(&HISTORY_COLUMNS)
            .find(|(written, _)| *written == name)
            .map(|(_, known)| (*known).to_owned())
    };
    import::Table {
        columns: table
            .header
            .into_iter()
            .map(|name| known(&name).unwrap_or(name))
            .collect(),
        rows: table
            .rows
            .into_iter()
            .map(|row| import::Row {
                number: row.line,
                cells: row.cells,
            })
            .collect(),
    }
}

/// Puts this inspector wherever the table names none.
pub fn name_inspector(table: &mut import::Table, login: &str) {
    let place = table
        .columns
        .iter()
        .position(|name| name == "inspector")
        .unwrap_or_else(|| {
            table.columns.push("inspector".to_owned());
            table.columns.len() - 1
        });
    for row in &mut table.rows {
        if row.cells.len() <= place {
            row.cells.resize(place + 1, String::new());
        }
        let cell = &mut row.cells[place];
        if cell.is_empty() {
            login.clone_into(cell);
        }
    }
}

/// What became of an import, a line for each fault and one at the end.
pub fn describe(report: &Report, dry_run: bool) -> Vec<String> {
    let mut lines: Vec<String> = report
        .faults
        .iter()
        .map(|fault| {
            let column = fault
                .column
                .as_deref()
                .map(|name| format!(", column `{name}`"));
            format!(
                "row {}{}: {}: {} [{}]",
                fault.row,
                column.unwrap_or_default(),
                fault.what,
                fault.mend,
                fault.code
            )
        })
        .collect();
    if let Some(made) = &report.made {
        lines.push(made.clone());
    }
    lines.push(match (report.faults.is_empty() || report.stored, dry_run) {
        (true, false) => format!(
            "{} rows were stored",
            report.rows.saturating_sub(report.faults.len())
        ),
        (true, true) => format!("{} rows would be stored; nothing was", report.rows),
        (false, _) => format!(
            "{} faults in {} rows, nothing was stored",
            report.faults.len(),
            report.rows
        ),
    });
    lines
}
