// Package entry makes calls by ways into the kernel that Go's own don't take.
//
// It takes calls' numbers and arguments and gives what the kernel returned. It
// owns a page of code and data below 4 GiB. It never frees that, or what a call
// made: a process that acts ends soon.
package entry
