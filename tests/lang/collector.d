// The collector of D's runtime, which stops every thread by a signal and wakes it by another: threads that allocate while
// others compute, sleep and wait for sockets and locks. Prints the same natively and under iopatch.
import core.atomic, core.memory, core.sync.condition, core.sync.mutex, core.thread;
import std.algorithm : map, sum;
import std.range : iota;
import std.socket, std.stdio;

final class Node
{
    Node left, right;
    long value;

    this(int depth, long value)
    {
        this.value = value;
        if (depth > 0)
        {
            left = new Node(depth - 1, 2 * value);
            right = new Node(depth - 1, 2 * value + 1);
        }
    }

    long total()
    {
        return value + (left ? left.total() : 0) + (right ? right.total() : 0);
    }
}

// Trees, the last four of which are alive: what the collector takes too early would be overwritten by the next.
long allocate(int n)
{
    Node[4] alive;
    long total;
    foreach (round; 0 .. 200)
    {
        alive[round % 4] = new Node(8, n + round);
        foreach (tree; alive)
            total += tree ? tree.total() : 0;
    }
    return total;
}

long compute(int n)
{
    uint x = n + 1;
    foreach (i; 0 .. 60_000_000)
        x = x * 1_664_525 + 1_013_904_223;
    return x;
}

long sleep(int n)
{
    int[] mine = [n];
    foreach (i; 1 .. 200)
    {
        Thread.sleep(dur!"usecs"(500));
        mine ~= n + i;
    }
    return mine.sum;
}

long converse(int n)
{
    Socket[2] ends = socketPair();
    auto echo = new Thread({
        for (;;)
        {
            auto buffer = new ubyte[100];
            auto got = ends[1].receive(buffer);
            if (got <= 0)
                break;
            ends[1].send(buffer[0 .. got]);
        }
    }).start();
    long total;
    foreach (i; 0 .. 100)
    {
        auto said = new ubyte[1 + (n + i) % 50];
        said[] = cast(ubyte) i;
        ends[0].send(said);
        auto heard = new ubyte[100];
        total += heard[0 .. ends[0].receive(heard)].map!(b => long(b)).sum;
    }
    ends[0].close();
    echo.join();
    return total;
}

// Turns are given from thread to thread under a monitor.
__gshared Mutex lock;
__gshared Condition changed;
__gshared int turn;

long take_turns(int n)
{
    string said;
    foreach (round; 0 .. 50)
        synchronized (lock)
        {
            while (turn % 4 != n)
                changed.wait();
            said ~= cast(char)('a' + turn % 26);
            turn++;
            changed.notifyAll();
        }
    return said.map!(c => long(c)).sum;
}

void main()
{
    lock = new Mutex;
    changed = new Condition(lock);
    auto results = new long[20];
    Thread[] threads;
    foreach (i, work; [&allocate, &compute, &sleep, &converse, &take_turns])
        foreach (n; 0 .. 4)
        {
            // A scope of its own for each thread's variables.
            (size_t place, long function(int) work, int n) {
                threads ~= new Thread({ results[place] = work(n); }).start();
            }(4 * i + n, work, n);
        }
    foreach (i; 0 .. 20)
        GC.collect();
    foreach (thread; threads)
        thread.join();
    writeln(results);
}
