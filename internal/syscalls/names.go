package syscalls

import (
	"strings"
	"sync"
)

// otherEvents are the types of Falco's events that are not named like a
// Linux call of numbers.txt.
const otherEvents = `
	syscall procexit llseek pread pwrite prlimit switch drop scapevent container signaldeliver procinfo
	cpu_hotplug k8s tracer mesos notification infra page_fault pluginevent useradded userdeleted
	groupadded groupdeleted asyncevent task task_file_pipe task_file_memfd task_file_regular
	task_file_directory task_file_socket_inet task_file_socket_inet6 task_file_socket_unix
	task_file_socket_netlink task_file_anon_inode na_1 timerfd s390_pci_mmio_read s390_pci_mmio_write
	s390_sthyi s390_runtime_instr s390_guarded_storage riscv_flush_icache riscv_hwprobe switch_endian
	multiplexer spu_create sync_file_range2 spu_run swapcontext rtas sys_debug_setcontext subpage_prot`

// paramNames are the names of all parameters of all events of Falco's; rows
// that go beyond have more.
const paramNames = `
	ID action addr arg arg2 arg2_int arg2_str arg3 arg4 arg5 args argument argv aux backlog
	cap_effective cap_inheritable cap_permitted cgroups clockid cmd comm container_id core cpu cpu_sys
	cpu_usr cq_entries creat_flags cur cwd data desc description dev dir dirfd domain dpid
	dqb_bhardlimit dqb_bsoftlimit dqb_btime dqb_curspace dqb_ihardlimit dqb_isoftlimit dqb_itime
	dqi_bgrace dqi_flags dqi_igrace egid entries env error euid event_data event_type exe exe_ino
	exe_ino_ctime exe_ino_mtime exe_ino_num exepath fd fd1 fd2 fd_in fd_out fd_type fdin fdlimit fdout
	fds features filename first flags gid home how id img in_fd initval ino ino_num interval ip json
	key last len length level linkdirfd linkpath local_ip local_port loginuid mask max maxevents
	min_complete mnt_id mode mountfd msgcontrol name nativeID newcur newdir newdirfd newfd newmax
	newpath next nr_args nsems nsops nstype offin offout offset oldcur olddir olddirfd oldfd oldmax
	oldpath op opcode operation option optlen optname out_fd path pathname peer pgft_maj pgft_min pgid
	pgoffset pid pid_fd pidns_init_start_ts plugin_id pos ppid prot proto ptid queuelen queuemax
	queuepct quota_fmt quota_fmt_out quotafilepath ratio reaper_tid remote_ip remote_port request res
	resolve resource ret rgid root ruid scope sem_flg_0 sem_flg_1 sem_num_0 sem_num_1 sem_op_0 sem_op_1
	semflg semid semnum sgid shell sid sig sigmask size sk_pointer sk_proto sk_type source special spid
	sq_entries sq_thread_cpu sq_thread_idle start_time status suid sun_path tags target target_fd tid
	timeout to_submit trusted_exepath tty tuple type uargs uid val value_bytebuf value_charbuf vm_rss
	vm_size vm_swap vpgid vpid vtgid vtid whence`

func set(words string) map[string]struct{} {
	m := map[string]struct{}{}
	for _, word := range strings.Fields(words) {
		m[word] = struct{}{}
	}
	return m
}

var (
	otherEventSet = sync.OnceValue(func() map[string]struct{} { return set(otherEvents) })
	paramNameSet  = sync.OnceValue(func() map[string]struct{} {
		names := set(paramNames)
		for _, row := range rows {
			for i := range row.Params {
				names[row.Params[i].Name] = struct{}{}
			}
		}
		return names
	})
)

// Known reports whether name is an event type at all: one of Falco's or ours,
// or a call of Linux. ByName tells whether it can be captured.
func Known(name string) bool {
	if _, call := numbers()[name]; call || ByName(name) != nil {
		return true
	}
	_, other := otherEventSet()[name]
	return other
}

// IsParam reports whether some event has a parameter of that name, captured or
// only one of Falco's.
func IsParam(name string) bool {
	_, ok := paramNameSet()[name]
	return ok
}
