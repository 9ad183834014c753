package state

import "golang.org/x/sys/unix"

const second = 1_000_000_000

// recheck is how often the clocks are compared: a wall clock that was set is
// followed after that time.
const recheck = 10 * second

// clock turns the kernel's time since boot into time since 1970.
type clock struct {
	now     func() (wall, boot uint64)
	offset  uint64
	checked uint64 // record time of the last comparison
}

// follow compares the clocks anew when boot, a record's time, says it is due.
func (c *clock) follow(boot uint64) {
	if c.offset != 0 && boot-c.checked < recheck {
		return
	}
	wall, since := c.now()
	c.offset, c.checked = wall-since, boot
}

// wall is a time since boot as time since 1970.
func (c *clock) wall(boot uint64) uint64 { return boot + c.offset }

func machineClock() (wall, boot uint64) {
	var w, b unix.Timespec
	if unix.ClockGettime(unix.CLOCK_REALTIME, &w) != nil || unix.ClockGettime(unix.CLOCK_BOOTTIME, &b) != nil {
		return 0, 0
	}
	return uint64(w.Nano()), uint64(b.Nano())
}
