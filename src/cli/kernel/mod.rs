//! `isolab kernel`: which kernels a Linux guest can boot, and which one it boots.

pub(super) mod args;

use serde_json::{Value, json};

use args::{Kernel, What};

use super::exit;
use super::list::wrap;
use super::out::Out;
use crate::error::Result;
use crate::kernels::{Kernel as Found, Listed, Places, Source, fetch};
use crate::lang::Lang;
use crate::said;
use crate::shell::called_as;
use crate::units::show_bytes;

pub(super) fn run(args: Kernel, out: &mut Out) -> Result<u8> {
    let places = Places::here()?;
    match args.what {
        What::List { json } => list(&places, json, out)?,
        What::Add { file, name, modules } => {
            let added = places.store.add(&file, name.as_deref(), modules.as_deref())?;
            tell(&added, places.store.default_name().as_deref(), out)?;
        }
        What::Use { name } => {
            let found = places.named(&name)?;
            places.store.choose(&found.name)?;
            tell(&found, Some(&found.name), out)?;
        }
        What::Fetch { package, name } => {
            let offer = fetch::offer(package.as_deref())?;
            let (list, size) = (offer.packages.join(", "), show_bytes(offer.bytes as f64));
            out.note(out.say(format!("downloading {list}: {size}"), format!("{list} 내려받는 중: {size}")));
            let fetched = fetch::fetch(&offer, name.as_deref(), &places.store)?;
            tell(&fetched, places.store.default_name().as_deref(), out)?;
        }
    }
    Ok(exit::OK)
}

fn list(places: &Places, as_json: bool, out: &mut Out) -> Result<()> {
    let all = places.all();
    if as_json {
        return out.line(Value::Array(all.iter().map(in_json).collect()));
    }
    if all.is_empty() {
        let isolab = called_as();
        return out.line(out.say(
            format!("there is no kernel yet: {isolab} kernel add FILE, or {isolab} kernel fetch"),
            format!("아직 커널이 없습니다: {isolab} kernel add FILE 또는 {isolab} kernel fetch"),
        ));
    }
    let heading = out.say(
        "Kernels for a Linux guest; * is booted where none is named",
        "리눅스 게스트용 커널. 따로 고르지 않으면 *를 부팅합니다",
    );
    out.line(out.bold(heading))?;
    for listed in &all {
        let mark = if listed.is_default { "*" } else { " " };
        out.line(format!("{mark} {}", listed.name))?;
        match &listed.kernel {
            Ok(kernel) => out.line(indented(&facts(kernel, out.lang()), out))?,
            Err(error) => {
                out.line(indented(error.reason().of(out.lang()), out))?;
                out.line(format!("    {}", error.try_this.of(out.lang())))?; // a command stays on one line
            }
        }
    }
    Ok(())
}

fn indented(text: &str, out: &Out) -> String {
    wrap(text, out.width(), "    ")
}

fn facts(kernel: &Found, lang: Lang) -> String {
    let (size, ram) = (show_bytes(kernel.bytes as f64), show_bytes(kernel.needs_ram_bytes as f64));
    let said = said!(
        "{format}, {size}; takes {ram} of RAM, and its initramfs more; {modules}; {source}",
        "{format}, {size}. RAM {ram}에 initramfs만큼 더 필요함. {modules_ko}. {source_ko}",
        format = kernel.format.name(),
        modules = if kernel.modules.is_some() { "with modules" } else { "without modules" },
        modules_ko = if kernel.modules.is_some() { "모듈 있음" } else { "모듈 없음" },
        source = if kernel.source == Source::Host { "the host's" } else { "yours" },
        source_ko = if kernel.source == Source::Host { "호스트의 커널" } else { "추가한 커널" },
    );
    said.of(lang).to_owned()
}

/// What was added or chosen.
fn tell(kernel: &Found, default: Option<&str>, out: &mut Out) -> Result<()> {
    let is_default = default == Some(&kernel.name);
    let mark = if is_default { "*" } else { " " };
    out.line(format!("{mark} {}", kernel.name))?;
    out.line(indented(&facts(kernel, out.lang()), out))?;
    out.line(format!("    sha256 {}", kernel.sha256))?;
    if !is_default {
        let isolab = called_as();
        out.note(out.say(
            format!("boot it where none is named: {isolab} kernel use {}", kernel.name),
            format!("따로 고르지 않을 때 이 커널을 부팅하려면: {isolab} kernel use {}", kernel.name),
        ));
    }
    Ok(())
}

fn in_json(listed: &Listed) -> Value {
    let (name, default) = (&listed.name, listed.is_default);
    match &listed.kernel {
        Ok(k) => json!({
            "name": name, "default": default, "path": k.path.to_string_lossy(), "version": k.version, "sha256": k.sha256,
            "format": k.format.name(), "bytes": k.bytes, "needs_ram_bytes": k.needs_ram_bytes,
            "modules": k.modules.as_ref().map(|dir| dir.to_string_lossy()), "of_host": k.source == Source::Host,
        }),
        Err(error) => json!({ "name": name, "default": default, "error": error.reason() }),
    }
}
