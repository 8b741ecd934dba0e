fn main() {
    println!("{}", isolab::probe::ELF.len());
}
