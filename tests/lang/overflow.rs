//! A thread of Rust's std that overflows its stack: std's handler, on its own signal stack, says so and aborts.

fn deep(n: u64) -> u64 {
    let pad = std::hint::black_box([n; 64]);
    if n == u64::MAX { 0 } else { deep(n + 1) + pad[(n % 64) as usize] }
}

fn main() {
    println!("before");
    let thread = std::thread::Builder::new().name("deep".into()).spawn(|| deep(0)).unwrap();
    println!("{:?}", thread.join());
}
