// Go with C beside it: goroutines in C's calls while the collector stops the
// world by signals, threads of C's that call back, signals for a channel, and
// a thread that keeps its own.
package main

/*
#cgo LDFLAGS: -pthread
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

extern int goDouble(int);

static int slow_double(int n)
{
    usleep(500);
    return 2 * n;
}

static void *call_back(void *n)
{
    intptr_t sum = 0;
    for (int i = 0; i < 20; i++) {
        sum += goDouble((int)(intptr_t)n + i);
        usleep(100);
    }
    return (void *)sum;
}

// The sum of what eight threads of C's were told by Go.
static long from_threads(void)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    long sum = 0;
    for (intptr_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], 0, call_back, (void *)i))
            abort();
    for (int i = 0; i < THREADS; i++) {
        void *part;
        pthread_join(threads[i], &part);
        sum += (intptr_t)part;
    }
    return sum;
}
*/
import "C"

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"
)

//export goDouble
func goDouble(n C.int) C.int {
	garbage := make([]byte, 1<<12)
	return 2*n + C.int(garbage[n])
}

func inCalls() int {
	var wait sync.WaitGroup
	var lock sync.Mutex
	sum := 0
	for i := 0; i < 200; i++ {
		i := i
		wait.Add(1)
		go func() {
			defer wait.Done()
			double := int(C.slow_double(C.int(i)))
			lock.Lock()
			defer lock.Unlock()
			sum += double
		}()
	}
	wait.Wait()
	return sum
}

// Spins without a call in its loop: only a signal stops it.
func spin(until time.Time) (rounds int) {
	for time.Now().Before(until) {
		for i := 0; i < 1_000_000; i++ {
			rounds += i & 1
		}
	}
	return
}

func signals() int {
	taken := make(chan os.Signal, 100)
	signal.Notify(taken, syscall.SIGUSR1)
	defer signal.Stop(taken)
	for i := 0; i < 20; i++ {
		syscall.Kill(syscall.Getpid(), syscall.SIGUSR1)
		<-taken
	}
	return 20
}

func ownThread() bool {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	id := syscall.Gettid()
	for i := 0; i < 50; i++ {
		C.slow_double(1)
		runtime.Gosched()
	}
	return id == syscall.Gettid()
}

func main() {
	stop := make(chan bool)
	var collector sync.WaitGroup
	collector.Add(1)
	go func() {
		defer collector.Done()
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	for i := 0; i < 8; i++ {
		go spin(time.Now().Add(300 * time.Millisecond))
	}
	fmt.Println("in calls of C:", inCalls())
	fmt.Println("from threads of C:", C.from_threads())
	fmt.Println("signals:", signals())
	fmt.Println("on its own thread:", ownThread())
	fmt.Println("again:", inCalls())
	close(stop)
	collector.Wait()
	os.Exit(7)
}
