//! Raw samples as CSV: a row per sample and metric, for spreadsheets and plotting tools (RFC 4180).

use std::fmt::Write;

use super::schema::Run;
use crate::escape::printable;

pub fn samples(run: &Run) -> String {
    let mut out = String::from("experiment,arm,case,block,place,at_ns,metric,unit,value\n");
    for cell in &run.cells {
        let case = cell.case.joined(";");
        for (metric, column) in &cell.columns.values {
            let unit = run.header.metrics.iter().find(|m| m.experiment == cell.experiment && m.id == *metric);
            let unit = unit.map_or("", |m| m.unit.name());
            for (i, value) in column.iter().enumerate() {
                let Some(value) = value else { continue };
                let c = &cell.columns;
                let row = [quote(&cell.experiment), quote(&cell.arm), quote(&case)].join(",");
                let _ = writeln!(
                    out,
                    "{row},{},{},{},{},{unit},{value}",
                    c.block[i],
                    c.place[i],
                    c.at_ns[i],
                    quote(metric)
                );
            }
        }
    }
    out
}

/// RFC 4180, and what a spreadsheet would take for a formula begins with an apostrophe, so that it is text (OWASP, "CSV
/// Injection"). What cannot be seen is told.
fn quote(field: &str) -> String {
    let field = printable(field);
    let field = if field.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r']) {
        format!("'{field}")
    } else {
        field.into_owned()
    };
    if field.contains([',', '"', '\n', '\r', '\t']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_a_file_is_a_formula_or_ends_its_field() {
        for (field, row) in [
            ("container:-net", "container:-net"),
            ("=1+1", "'=1+1"),
            ("-2+3", "'-2+3"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "\"'\t=1\""),
            ("+cmd|' /C calc'!A0,x", "\"'+cmd|' /C calc'!A0,x\""),
            ("a\rb", "a\\u000db"),
            ("a\"b\n", "\"a\"\"b\n\""),
            ("\u{202e}gpj", "\\u202egpj"),
        ] {
            assert_eq!(quote(field), row);
        }
    }
}
