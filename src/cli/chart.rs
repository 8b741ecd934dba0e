//! `isolab chart [NAME] FILE…`: charts of results files, as SVG and PNG. From the files alone, on any machine.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::{Chart as Args, Format};
use super::out::Out;
use super::{exit, latest};
use crate::charts::{self, Chart, Drawing, Look, NARROWEST, Theme, WIDEST};
use crate::environments::knobs::one_of;
use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::lang::Said;
use crate::planned;
use crate::results::schema::{Run, Status};
use crate::results::{files, read, store, sudo_user};
use crate::said;
use crate::shell::called_as;
use std::ffi::OsString;

/// Two pixels for every unit of the SVG.
const DPI: u32 = 192;
const DPI_RANGE: std::ops::RangeInclusive<u32> = 48..=600;

pub(super) fn run(args: Args, out: &mut Out) -> Result<u8> {
    let how = How::of(&args)?;
    let (charts, files) = names_and_files(&args.words)?;
    files.iter().try_for_each(|file| latest::check(file, out))?;
    let runs: Vec<Run> = files.iter().map(|file| read::load(file)).collect::<Result<_>>()?;
    something_was_measured(&runs, &files)?;
    let prefix = if args.into.is_none() { files::prefix_beside(&files[0]) } else { String::new() };
    let how = How { prefix, ..how };
    let into = args.into.unwrap_or_else(|| beside(&files[0]));
    let runs: Vec<&Run> = runs.iter().collect();
    let drawings: Vec<(&Chart, Drawing)> =
        charts.iter().filter_map(|chart| Some((*chart, (chart.draw)(&runs, how.look)?))).collect();
    if drawings.is_empty() {
        return Err(no_data(&charts, &files));
    }
    say_what_stands_alone(&drawings, &runs, &files, how.look, out);
    sudo_user::make_folder(&into).map_err(|e| {
        e.try_this(said!(
            "--into DIR, below a folder that you may write to",
            "--into DIR로, 쓸 수 있는 폴더 아래를 적으십시오"
        ))
    })?;
    let mut saved = Vec::new();
    for (chart, drawing) in &drawings {
        saved.extend(save(chart, drawing, &how, &into)?);
    }
    if args.json {
        out.line(serde_json::to_string_pretty(&saved).expect("a list of files is plain data"))?;
    } else {
        saved.iter().try_for_each(|s| out.line(s.file.display()))?;
    }
    Ok(exit::OK)
}

/// Most charts draw one run: of several files with data for it, the others are named.
fn say_what_stands_alone(drawings: &[(&Chart, Drawing)], runs: &[&Run], files: &[PathBuf], look: Look, out: &mut Out) {
    for (chart, drawing) in drawings {
        let alone =
            runs.iter().zip(files).filter_map(|(run, file)| Some(((chart.draw)(&[*run], look)?, file.display())));
        let alone: Vec<_> = alone.collect();
        if let [(first, shown), rest @ ..] = &alone[..]
            && !rest.is_empty()
            && first == drawing
        {
            let rest: Vec<String> = rest.iter().map(|(_, file)| file.to_string()).collect();
            let (id, rest) = (chart.id, rest.join(", "));
            let advice = format!("{} chart {id} FILE --into DIR", called_as());
            out.note(out.say(
                format!("note: {id} draws one run: {shown}, and not {rest} ({advice})"),
                format!("알림: {id}에는 실행 하나만 그립니다: {shown}. 그리지 않은 것: {rest} ({advice})"),
            ));
        }
    }
}

/// Every chart that this run has data for, as SVG in `dir`, as a reader of this environment wants them. The first one as
/// PNG too: each takes as long to render as all take to draw, and somebody is waiting.
pub(super) fn draw_all(run: &Run, dir: &Path) -> Result<Vec<PathBuf>> {
    let look = Look { lang: reader(), ..Look::default() };
    let mut how =
        How { look, formats: Format::ALL.to_vec(), dpi: DPI, outlines: false, prefix: String::new(), by_hand: false };
    let mut files = Vec::new();
    for chart in charts::ALL {
        let Some(drawing) = (chart.draw)(&[run], look) else { continue };
        files.extend(save(chart, &drawing, &how, dir)?.into_iter().map(|s| s.file));
        how.formats = vec![Format::Svg];
    }
    Ok(files)
}

/// The language of whoever reads here.
fn reader() -> Lang {
    super::language::here()
}

/// How charts are drawn and saved.
struct How {
    look: Look,
    formats: Vec<Format>,
    #[cfg_attr(not(feature = "png"), expect(dead_code, reason = "only PNG has dots"))]
    dpi: u32,
    outlines: bool,
    /// What the names of files begin with.
    prefix: String,
    /// By `isolab chart`, which has a `--into`.
    by_hand: bool,
}

impl How {
    fn of(args: &Args) -> Result<How> {
        let default = Look::default();
        let width = within(wide, args.width, "--width", NARROWEST..=WIDEST)?;
        let dpi = within(dense, args.dpi, "--dpi", DPI_RANGE)?;
        let look = Look {
            lang: reader(),
            width: width.unwrap_or(default.width),
            title: !args.no_title,
            of_run: true,
            theme: args.theme.as_deref().map_or(Ok(Theme::Light), theme)?,
        };
        let formats = args.format.as_deref().map_or_else(|| Ok(Format::ALL.to_vec()), formats)?;
        let dpi = dpi.unwrap_or(DPI);
        let how = How { look, formats, dpi, outlines: args.outlines, prefix: String::new(), by_hand: true };
        if how.outlines && !cfg!(feature = "png") {
            return Err(Error::usage(
                said!("draw outlines", "윤곽선으로 그릴 수 없습니다"),
                said!("this isolab was built without the feature png", "이 isolab은 png 기능 없이 빌드됨"),
            )
            .try_this(Said::english("cargo build --release")));
        }
        Ok(how)
    }
}

impl How {
    /// What is not as usual is in the name, so that nothing is overwritten by another look of it.
    fn file_name(&self, chart: &Chart, format: Format) -> String {
        let mut name = format!("{}{}", self.prefix, self.look.file_stem(chart.id));
        match format {
            Format::Svg if self.outlines => name += ".outlines",
            #[cfg(feature = "png")]
            Format::Png if self.dpi != DPI => name += &format!(".{}dpi", self.dpi),
            _ => {}
        }
        format!("{name}.{}", format.ending())
    }
}

fn wide(pixels: i64) -> Said {
    said!("draw charts {pixels} pixels wide", "차트를 너비 {pixels}픽셀로 그릴 수 없습니다")
}

fn dense(dpi: i64) -> Said {
    said!("draw PNG {dpi} dots per inch", "PNG를 {dpi} dpi로 그릴 수 없습니다")
}

fn within(
    doing: fn(i64) -> Said,
    number: Option<i64>,
    option: &str,
    range: std::ops::RangeInclusive<u32>,
) -> Result<Option<u32>> {
    let Some(number) = number else { return Ok(None) };
    let (least, most) = (range.start(), range.end());
    let fits = u32::try_from(number).ok().filter(|n| range.contains(n));
    let refused = || {
        Error::usage(doing(number), said!("isolab draws {least} to {most}", "isolab은 {least}부터 {most}까지 그림"))
            .try_this(Said::verbatim(format!("{option} {}", if number < i64::from(*least) { least } else { most })))
    };
    fits.map(Some).ok_or_else(refused)
}

fn theme(name: &str) -> Result<Theme> {
    let names = Theme::ALL.map(Theme::name);
    Theme::ALL.into_iter().find(|theme| theme.name() == name).ok_or_else(|| {
        Error::usage(
            said!("use the theme {name:?}", "테마 {name:?}을(를) 쓸 수 없습니다"),
            said!("there is none of that name", "그런 이름이 없음"),
        )
        .try_this(one_of(name, &names, said!("themes", "테마"), &names))
    })
}

fn formats(list: &str) -> Result<Vec<Format>> {
    let names: Vec<&str> = Format::ALL.iter().map(|f| f.ending()).collect();
    let mut found = Vec::new();
    for name in list.split(',') {
        let format = Format::ALL.iter().find(|f| f.ending() == name).ok_or_else(|| {
            let cause = if name == "png" {
                said!("this isolab was built without it", "이 isolab은 그 형식 없이 빌드됨")
            } else {
                said!("there is none of that name", "그런 이름이 없음")
            };
            Error::usage(said!("save the format {name:?}", "형식 {name:?}(으)로 저장할 수 없습니다"), cause)
                .try_this(one_of(name, &names, said!("formats", "형식"), &names))
        })?;
        if !found.contains(format) {
            found.push(*format);
        }
    }
    Ok(found)
}

/// `[NAME] FILE…`: a first word that is a chart, or the beginning of some, is the name; a file of that name is `./NAME`.
fn names_and_files(words: &[OsString]) -> Result<(Vec<&'static Chart>, Vec<PathBuf>)> {
    let beginning = |word: &str| charts::ALL.iter().filter(|c| c.id.starts_with(word)).collect::<Vec<&Chart>>();
    let (charts, files) = match words.split_first() {
        None => (charts::ALL.iter().collect(), words),
        Some((first, rest)) => {
            let name = first.to_string_lossy();
            match (exactly(&name), beginning(&name)) {
                (Some(chart), _) => (vec![chart], rest),
                (None, some) if !name.is_empty() && !some.is_empty() => (some, rest),
                _ if is_path(Path::new(first)) => (charts::ALL.iter().collect(), words),
                _ => return Err(unknown(&name)),
            }
        }
    };
    let mut files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
    if files.is_empty() {
        files.push(latest::DEFAULT.into());
    }
    Ok((charts, files))
}

fn exactly(name: &str) -> Option<&'static Chart> {
    charts::ALL.iter().find(|chart| chart.id == name)
}

/// What exists, or can only be meant as a file.
fn is_path(path: &Path) -> bool {
    path.exists() || path.components().count() > 1 || path.extension().is_some()
}

fn unknown(name: &str) -> Error {
    let known: Vec<&str> = charts::ALL.iter().map(|c| c.id).collect();
    let planned = planned::CHARTS.iter().any(|later| later.starts_with(name) && !name.is_empty());
    let cause = if planned {
        planned::NOT_HERE
    } else {
        said!("there is none of that name, and no such file", "그런 이름도, 그런 파일도 없음")
    };
    let near: &[&str] = if planned { &[] } else { &known };
    Error::usage(said!("draw the chart {name:?}", "차트 {name:?}을(를) 그릴 수 없습니다"), cause).try_this(one_of(
        name,
        near,
        said!("charts", "차트"),
        &known,
    ))
}

/// A file of nothing but holes would give empty charts: the first reason says more.
fn something_was_measured(runs: &[Run], files: &[PathBuf]) -> Result<()> {
    let cells = || runs.iter().flat_map(|run| &run.cells);
    if cells().any(|cell| cell.status == Status::Measured) {
        return Ok(());
    }
    let first = cells().next();
    let none = said!("the run has no cell", "실행에 셀이 없음");
    let reason = |lang| first.map_or(none.of(lang), |cell| cell.reason_in(lang));
    let fix = first.map(|cell| Said::from_parts(cell.fix.clone(), cell.fix_ko.clone()));
    let bench = || Said::verbatim(format!("{} bench", called_as()));
    let doing = said!("draw charts of {files}", "{files}의 차트를 그릴 수 없습니다", files = files[0].display());
    let (en, ko) = (reason(Lang::En), reason(Lang::Ko));
    let cause = said!("nothing was measured in it: {en}", "측정된 것이 없음: {ko}");
    Err(Error::unavailable(doing, cause).try_this(fix.filter(|fix| !fix.is_empty()).unwrap_or_else(bench)))
}

fn no_data(charts: &[&Chart], files: &[PathBuf]) -> Error {
    let names: Vec<&str> = charts.iter().map(|c| c.id).collect();
    let what = match names.join(", ") {
        _ if charts.len() == charts::ALL.len() => said!("draw any chart", "어떤 차트도 그릴 수 없습니다"),
        names => said!("draw {names}", "{names}을(를) 그릴 수 없습니다"),
    };
    let bench = charts[0].bench;
    let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    Error::usage(what, said!("{files} has no data for it", "{files}에 그릴 데이터가 없음", files = files.join(", ")))
        .try_this(Said::verbatim(format!("{} bench {bench}", called_as())))
}

fn beside(file: &Path) -> PathBuf {
    if file.is_dir() { file.to_owned() } else { file.parent().map_or_else(PathBuf::new, Path::to_owned) }
}

/// A file that was written; `--json` lists them.
#[derive(Serialize)]
struct Saved<'a> {
    chart: &'a str,
    #[serde(serialize_with = "as_shown")]
    file: PathBuf,
    format: &'a str,
    width: u32,
    theme: &'a str,
    lang: &'a str,
    /// What it shows, with the numbers.
    alt: &'a str,
}

/// A path that is no UTF-8 has U+FFFD in it.
fn as_shown<S: serde::Serializer>(path: &Path, to: S) -> std::result::Result<S::Ok, S::Error> {
    to.collect_str(&path.display())
}

fn save<'a>(chart: &'a Chart, drawing: &'a Drawing, how: &How, dir: &Path) -> Result<Vec<Saved<'a>>> {
    let mut saved = Vec::new();
    for format in &how.formats {
        let file = dir.join(how.file_name(chart, *format));
        let another = said!(
            "free some space, or choose another folder: --into DIR",
            "공간을 비우거나 다른 폴더를 고르십시오: --into DIR"
        );
        let written = store::write_atomically(&file, &bytes(drawing, *format, how)?);
        written.map_err(|e| if how.by_hand { e.try_this(another) } else { e })?;
        let Look { lang, width, theme, .. } = how.look;
        let (theme, lang) = (theme.name(), lang.code());
        saved.push(Saved { chart: chart.id, file, format: format.ending(), width, theme, lang, alt: &drawing.alt });
    }
    Ok(saved)
}

#[cfg(feature = "png")]
fn bytes(drawing: &Drawing, format: Format, how: &How) -> Result<Vec<u8>> {
    match format {
        Format::Png => charts::png(&drawing.svg, how.dpi as f32),
        Format::Svg if how.outlines => charts::outlines(&drawing.svg).map(String::into_bytes),
        Format::Svg => Ok(drawing.svg.clone().into_bytes()),
    }
}

#[cfg(not(feature = "png"))]
fn bytes(drawing: &Drawing, _: Format, _: &How) -> Result<Vec<u8>> {
    Ok(drawing.svg.clone().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<(Vec<&'static str>, Vec<PathBuf>)> {
        let words: Vec<OsString> = words.iter().map(Into::into).collect();
        let (charts, files) = names_and_files(&words)?;
        Ok((charts.iter().map(|c| c.id).collect(), files))
    }

    #[test]
    fn the_name_may_be_whole_begun_or_left_out() {
        assert_eq!(parsed(&["boot-stages", "a.json"]).unwrap(), (vec!["boot-stages"], vec!["a.json".into()]));
        assert_eq!(
            parsed(&["boot"]).unwrap(),
            (vec!["boot-stages", "boot-ecdf", "boot-rate"], vec!["results/latest".into()])
        );
        assert_eq!(parsed(&["aa", "a.json", "b.json"]).unwrap().1.len(), 2);
        let (all, files) = parsed(&["a.json"]).unwrap();
        assert_eq!((all.len(), files), (charts::ALL.len(), vec![PathBuf::from("a.json")]));
        assert_eq!(parsed(&[]).unwrap().0.len(), charts::ALL.len());
    }

    #[test]
    fn a_wrong_name_is_told_which_is_near() {
        let told = |name: &str| parsed(&[name]).expect_err("there is no such chart").to_string();
        assert!(told("run-odrer").contains("did you mean run-order?"), "{}", told("run-odrer"));
        assert!(told("ladder").contains("planned, but not in this version"), "{}", told("ladder"));
        assert!(told("").contains("none of that name"), "{}", told(""));
    }

    #[test]
    fn numbers_out_of_range_are_refused_with_the_nearest_that_works() {
        let width = |n| within(wide, Some(n), "--width", NARROWEST..=WIDEST);
        assert_eq!(width(720).unwrap(), Some(720));
        for (n, near) in [(10, "--width 480"), (99_999, "--width 2400"), (-1, "--width 480")] {
            let told = width(n).expect_err("out of range").to_string();
            assert!(told.contains(near), "{told}");
        }
    }

    #[test]
    fn formats_are_a_list_without_doubles() {
        assert_eq!(formats("svg,svg").unwrap().len(), 1);
        assert!(formats("svg,pgn").expect_err("a typing error").to_string().contains("formats: svg"));
        assert!(formats("").is_err());
    }
}
