//! scratch
use listener::ModelFile;
use trainer::tune::{Piece, by_source, summary};
fn main() -> anyhow::Result<()> {
    let a: Vec<String> = std::env::args().collect();
    let bytes = std::fs::read(&a[1])?;
    let (shape, params) = trainer::export::parameters(&bytes)?;
    let start = ModelFile::read(&bytes)?.decoder;
    let dev = Piece::of(&shape, &params, &trainer::corpus::annotated(a[3].as_ref())?);
    let val = Piece::of(&shape, &params, &trainer::corpus::open(a[2].as_ref())?.validation);
    for line in std::io::stdin().lines() {
        let line = line?;
        let mut value = serde_json::to_value(&start)?;
        let turned: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&line)?;
        for (name, number) in turned {
            value[&name] = number;
        }
        let s = serde_json::from_value(value)?;
        println!("{line}\n   val {}\n   dev {}", summary(&s, &val), summary(&s, &dev));
        if a.len() > 4 {
            for (k, p) in by_source(&val) {
                println!("      {k} {} {}", p.len(), summary(&s, &p));
            }
        }
    }
    Ok(())
}
