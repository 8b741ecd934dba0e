//! Raw samples as CSV: a row per sample and metric, for spreadsheets and plotting tools (RFC 4180).

use std::fmt::Write;

use super::schema::Run;

pub fn samples(run: &Run) -> String {
    let mut out = String::from("experiment,arm,case,block,place,at_ns,metric,unit,value\n");
    for cell in &run.cells {
        let case: Vec<String> = cell.case.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let case = case.join(";");
        for (metric, column) in &cell.columns.values {
            let unit = run.header.metrics.iter().find(|m| m.experiment == cell.experiment && m.id == *metric);
            let unit = unit.map_or("", |m| m.unit.name());
            for (i, value) in column.iter().enumerate() {
                let Some(value) = value else { continue };
                let c = &cell.columns;
                let row = [quote(&cell.experiment), quote(&cell.arm), quote(&case)].join(",");
                let _ = writeln!(out, "{row},{},{},{},{metric},{unit},{value}", c.block[i], c.place[i], c.at_ns[i]);
            }
        }
    }
    out
}

fn quote(field: &str) -> String {
    if field.contains([',', '"', '\n']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.to_owned() }
}
