// A library of Go's for programs of C's: see uses_go.c.
package main

import "C"

//export goDouble
func goDouble(n C.int) C.int {
	answer := make(chan C.int)
	go func() { answer <- 2 * n }()
	return <-answer
}

func main() {}
