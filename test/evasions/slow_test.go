package evasions

// byHiding keeps what a call is told to do from who looks when it has ended.
var byHiding = []evasion{
	{
		"a path whose page goes away while the call runs", "unmap a rename's path",
		`evt.type in (rename, renameat, renameat2) and evt.rawres = 0 and (evt.unreadable intersects (oldpath, newpath) or fs.path.source = "{dir}/secret")`,
		"%evt.type of %proc.exepath", "renameat2 of {self}",
	},
	{
		"an argument beyond what is read of them", "very long argument",
		started + `proc.exepath = "{tool}" and evt.truncated intersects (args)`, "%proc.name %evt.truncated", "tool (args)",
	},
}
