#!/usr/bin/env python3
"""Many clients at once against a server, each checked to the byte.

    tests/clients.py KIND PORT [options]

    socks    SOCKS5 CONNECT through PORT to an echo server in this process
    connect  HTTP CONNECT through PORT to the same
    tls      TLS on PORT, which is said to lead to the echo server at --echo
    get      HTTP GET through the proxy at PORT of what a server in this process makes
    direct   HTTP GET of --path from the server at PORT; the answer must be the file --same
    memcached, redis    values are stored by the server at PORT, and asked for again

Ends with 0 if every byte of every client was right, and prints one line.
"""
import argparse
import asyncio
import hashlib
import random
import ssl
import sys
import time

HOST = "127.0.0.1"


def body(seed, size):
    """Bytes that no other client has."""
    return random.Random(seed).randbytes(size)


def check(condition, what):
    if not condition:
        raise AssertionError(what)


async def echo(reader, writer):
    """The server behind the proxies: sends back what comes."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except (ConnectionError, OSError):
        pass
    finally:
        writer.close()


async def origin(reader, writer):
    """An HTTP server behind the proxy: GET /SEED/SIZE."""
    try:
        request = await reader.readuntil(b"\r\n\r\n")
        seed, size = request.split()[1].decode().rsplit("/", 2)[1:]
        data = body(int(seed), int(size))
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data) + data)
        await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def exchange(reader, writer, seed, rounds, size):
    """Sends messages of changing length and wants each back; then the end of the stream."""
    lengths = random.Random(seed)
    total = 0
    for n in range(rounds):
        data = body(seed * 1000 + n, lengths.randint(1, size))
        writer.write(data)
        back, _ = await asyncio.gather(reader.readexactly(len(data)), writer.drain())
        check(back == data, f"client {seed}: message {n} of {len(data)} bytes came back wrong")
        total += len(data)
    return total


async def http(reader, writer, path, host):
    """One GET; returns the body."""
    writer.write(f"GET {path} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    await writer.drain()
    head = await reader.readuntil(b"\r\n\r\n")
    check(head.split()[1] == b"200", f"status {head.splitlines()[0]!r}")
    return await reader.read()


class Clients:
    def __init__(self, options, target):
        self.options, self.target = options, target

    async def dial(self, **tls):
        return await asyncio.open_connection(HOST, self.options.port, **tls)

    async def socks(self, seed):
        reader, writer = await self.dial()
        writer.write(b"\x05\x01\x00")
        check(await reader.readexactly(2) == b"\x05\x00", "method")
        address = bytes(map(int, HOST.split("."))) + self.target.to_bytes(2, "big")
        writer.write(b"\x05\x01\x00\x01" + address)
        check((await reader.readexactly(10))[:2] == b"\x05\x00", "connect refused")
        return reader, writer

    async def connect(self, seed):
        reader, writer = await self.dial()
        writer.write(f"CONNECT {HOST}:{self.target} HTTP/1.0\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        check(b" 200 " in head.splitlines()[0], head)
        return reader, writer

    async def tls(self, seed):
        context = ssl.create_default_context(cafile=self.options.ca)
        return await self.dial(ssl=context, server_hostname="localhost")

    async def get(self, seed):
        total = 0
        for n in range(self.options.rounds):
            number, size = seed * 1000 + n, 1 + seed * 997 % self.options.size
            reader, writer = await self.dial()
            where = f"{HOST}:{self.target}"
            got = await http(reader, writer, f"http://{where}/{number}/{size}", where)
            writer.close()
            check(got == body(number, size), f"client {seed}: {len(got)} bytes, want {size}")
            total += size
        return total

    async def direct(self, seed):
        want = hashlib.sha256(open(self.options.same, "rb").read()).digest()
        total = 0
        for _ in range(self.options.rounds):
            reader, writer = await self.dial()
            got = await http(reader, writer, self.options.path, HOST)
            writer.close()
            check(hashlib.sha256(got).digest() == want, f"client {seed}: {len(got)} bytes differ")
            total += len(got)
        return total

    async def memcached(self, seed):
        return await self.stored(
            seed,
            lambda key, data: (b"set %b 0 0 %d\r\n%b\r\n" % (key, len(data), data), b"STORED\r\n"),
            lambda key, data: (b"get %b\r\n" % key, b"VALUE %b 0 %d\r\n%b\r\nEND\r\n" % (key, len(data), data)))

    async def redis(self, seed):
        def command(*words):
            return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)

        return await self.stored(
            seed,
            lambda key, data: (command(b"SET", key, data), b"+OK\r\n"),
            lambda key, data: (command(b"GET", key), b"$%d\r\n%b\r\n" % (len(data), data)))

    async def stored(self, seed, put, ask):
        """`put` and `ask` make a command and the only right answer."""
        reader, writer = await self.dial()
        await self.meet()
        total = 0
        for n in range(self.options.rounds):
            key, data = b"key%d" % seed, body(seed * 1000 + n, 1 + (seed + n) * 997 % self.options.size)
            for request, answer in (put(key, data), ask(key, data)):
                writer.write(request)
                got, _ = await asyncio.gather(reader.readexactly(len(answer)), writer.drain())
                check(got == answer, f"client {seed}: round {n}: {got[:40]!r}")
            total += len(data)
        writer.close()
        return total

    async def one(self, seed):
        """One client's life; returns the bytes that were checked."""
        kind = getattr(self, self.options.kind)
        if self.options.kind in ("get", "direct", "memcached", "redis"):
            return await kind(seed)
        reader, writer = await kind(seed)
        await self.meet()
        total = await exchange(reader, writer, seed, self.options.rounds, self.options.size)
        writer.close()
        return total

    async def meet(self):
        """All are connected at the same time before any goes on."""
        self.met = getattr(self, "met", 0) + 1
        self.all = getattr(self, "all", None) or asyncio.Event()
        if self.met == self.options.clients:
            self.all.set()
        await self.all.wait()


async def run(options):
    server = None
    target = options.echo
    if target is None and options.kind in ("socks", "connect", "get"):
        handler = origin if options.kind == "get" else echo
        server = await asyncio.start_server(handler, HOST, 0, backlog=1024)
        target = server.sockets[0].getsockname()[1]
    clients = Clients(options, target)
    began = time.monotonic()
    totals = await asyncio.gather(*(clients.one(1 + n) for n in range(options.clients)))
    print(f"{options.clients} clients, {sum(totals)} bytes right, {time.monotonic() - began:.2f} s")


async def serve_echo():
    server = await asyncio.start_server(echo, HOST, 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main():
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve_echo())
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("kind", choices=["socks", "connect", "tls", "get", "direct", "memcached", "redis"])
    add("port", type=int)
    add("--clients", type=int, default=200)
    add("--rounds", type=int, default=5, help="messages or requests of each client")
    add("--size", type=int, default=20000, help="bytes of a message at most")
    add("--echo", type=int, help="the port of an echo server that runs already")
    add("--ca", help="the certificate to trust")
    add("--path", default="/")
    add("--same", help="the file that an answer must equal")
    add("--seconds", type=float, default=50)
    options = parser.parse_args()
    try:
        asyncio.run(asyncio.wait_for(run(options), options.seconds))
    except asyncio.TimeoutError:
        sys.exit(f"still waiting after {options.seconds:g} s")
    except (AssertionError, OSError, EOFError) as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
