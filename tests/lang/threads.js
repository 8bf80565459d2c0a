// What Node does with threads: its pool (files, names, compression), workers, children, a server, and an exit.
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const { spawn, execFileSync } = require('child_process');
const http = require('http'), fs = require('fs'), dns = require('dns'), os = require('os'), path = require('path');
const zlib = require('zlib'), crypto = require('crypto');

if (!isMainThread) {
  const turn = new Int32Array(workerData.turn);
  for (let round = 0; round < 100; round++) {
    while (Atomics.load(turn, 0) % 4 !== workerData.n) Atomics.wait(turn, 0, Atomics.load(turn, 0), 5);
    Atomics.add(turn, 0, 1);
    Atomics.notify(turn, 0);
  }
  parentPort.postMessage(workerData.n);
  return;
}

const promised = (f) => new Promise((yes, no) => f((error, value) => error ? no(error) : yes(value)));

async function main() {
  const turn = new SharedArrayBuffer(4);
  const ends = await Promise.all([0, 1, 2, 3].map((n) => new Promise((yes, no) => {
    const worker = new Worker(__filename, { workerData: { n, turn } });
    worker.on('message', yes).on('error', no);
  })));
  console.log('workers', ends.join(), new Int32Array(turn)[0]);

  const server = http.createServer((request, response) => {
    let got = '';
    request.on('data', (part) => got += part).on('end', () => setTimeout(() => response.end(got.toUpperCase()), 5));
  });
  await new Promise((yes) => server.listen(0, '127.0.0.1', yes));
  const asked = await Promise.all(Array.from({ length: 100 }, (_, n) => new Promise((yes, no) => {
    const request = http.request({ port: server.address().port, method: 'POST' }, (response) => {
      let got = '';
      response.on('data', (part) => got += part).on('end', () => yes(got === `HELLO ${n}`));
    });
    request.on('error', no).end(`hello ${n}`);
  })));
  console.log('http', asked.filter((right) => right).length);
  server.close();

  const children = await Promise.all(Array.from({ length: 10 }, (_, n) => new Promise((yes) => {
    const child = spawn('sh', ['-c', `read x; echo $x; exit ${n}`]);
    let got = '';
    child.stdout.on('data', (part) => got += part);
    child.on('close', (status) => yes(`${got.trim()}:${status}`));
    child.stdin.end('line\n');
  })));
  console.log('children', children.join(' '), execFileSync('echo', ['sync']).toString().trim());

  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'node-'));
  await Promise.all(Array.from({ length: 50 }, (_, n) => fs.promises.writeFile(`${dir}/${n}`, 'x'.repeat(n))));
  const sizes = await Promise.all(fs.readdirSync(dir).map(async (name) => (await fs.promises.readFile(`${dir}/${name}`)).length));
  fs.rmSync(dir, { recursive: true });
  console.log('files', sizes.reduce((a, b) => a + b));

  const names = await Promise.all(Array.from({ length: 8 }, () => promised((done) => dns.lookup('localhost', { family: 4 }, done))));
  console.log('names', new Set(names).size);
  const keys = await Promise.all(Array.from({ length: 8 }, () => promised((done) => crypto.pbkdf2('x', 'y', 2000, 8, 'sha256', done))));
  console.log('pool', new Set(keys.map(String)).size, zlib.gunzipSync(await promised((done) => zlib.gzip('z'.repeat(9999), done))).length);
  const alive = setInterval(() => {}, 1000);
  await new Promise((yes) => { process.once('SIGUSR2', yes); process.kill(process.pid, 'SIGUSR2'); });
  console.log('signal');
  const endless = new Worker('while (true);', { eval: true });
  await new Promise((yes) => endless.on('online', yes));
  console.log('terminated', await endless.terminate());
  process.exit(7);
}
main();
