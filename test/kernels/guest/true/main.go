// Command true does nothing, and succeeds whatever it is called.
//
// It takes nothing and gives nothing. Tests run it under many names, which
// busybox would take for its own commands. It never reads its arguments.
package main

func main() {}
