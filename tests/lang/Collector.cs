// Mono's collector, which stops every thread by a signal and wakes it by another: threads that allocate while others
// compute, sleep and wait for sockets and monitors. Prints the same natively and under iopatch.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;

static class Collector
{
    sealed class Node
    {
        readonly Node left, right;
        readonly long value;

        public Node(int depth, long value)
        {
            this.value = value;
            if (depth == 0) return;
            left = new Node(depth - 1, 2 * value);
            right = new Node(depth - 1, 2 * value + 1);
        }

        public long Total() => value + (left?.Total() ?? 0) + (right?.Total() ?? 0);
    }

    // Trees, the last four of which are alive.
    static long Allocate(int n)
    {
        var alive = new Node[4];
        long total = 0;
        for (int round = 0; round < 200; round++)
        {
            alive[round % 4] = new Node(8, n + round);
            total += alive.Sum(tree => tree?.Total() ?? 0);
        }
        return total;
    }

    static long Compute(int n)
    {
        uint x = (uint)n + 1;
        for (int i = 0; i < 40000000; i++) x = x * 1664525 + 1013904223;
        return x;
    }

    static long Nap(int n)
    {
        var mine = new List<int>();
        for (int i = 0; i < 100; i++)
        {
            Thread.Sleep(1);
            mine.Add(n + i);
        }
        return mine.Sum();
    }

    static long Converse(int n)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var echo = new Thread(() =>
        {
            using (var socket = listener.AcceptSocket())
                for (;;)
                {
                    var buffer = new byte[100];
                    int got = socket.Receive(buffer);
                    if (got == 0) return;
                    socket.Send(buffer, got, SocketFlags.None);
                }
        });
        echo.Start();
        long total = 0;
        using (var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            socket.NoDelay = true;
            socket.Connect(listener.LocalEndpoint);
            for (int i = 0; i < 100; i++)
            {
                socket.Send(Enumerable.Repeat((byte)i, 1 + (n + i) % 50).ToArray());
                var heard = new byte[100];
                total += heard.Take(socket.Receive(heard)).Sum(b => (long)b);
            }
        }
        echo.Join();
        listener.Stop();
        return total;
    }

    static readonly object turns = new object();
    static int turn;

    static long TakeTurns(int n)
    {
        var said = new List<string>();
        for (int round = 0; round < 50; round++)
            lock (turns)
            {
                while (turn % 4 != n) Monitor.Wait(turns);
                said.Add((turn++).ToString());
                Monitor.PulseAll(turns);
            }
        return said.Sum(long.Parse);
    }

    static int Main()
    {
        var works = new Func<int, long>[] { Allocate, Compute, Nap, Converse, TakeTurns };
        var results = new long[4 * works.Length];
        var threads = new List<Thread>();
        for (int i = 0; i < results.Length; i++)
        {
            int place = i;
            threads.Add(new Thread(() => results[place] = works[place / 4](place % 4)));
            threads[i].Start();
        }
        for (int i = 0; i < 20; i++) GC.Collect();
        threads.ForEach(thread => thread.Join());
        Console.WriteLine(string.Join(" ", results));
        return 7;
    }
}
