// Package bpf is the sensor: programs in the kernel and the ring they fill.
//
// It takes rows of the syscalls table and gives raw records, read in place.
// It owns the C programs, the wire format (wire.h), loading, the ring reader
// and the counters of what was sent and lost. It never interprets a record.
package bpf

import "unsafe"

// Raw is one record as the kernel wrote it: a WireHeader, then what its type
// says (wire.h). It is valid until the callback that got it returns.
type Raw []byte

// The structures and enumerations of wire.h, generated from the programs.
type (
	WireHeader      = sensorWireHeader
	WireCall        = sensorWireCall
	WireProcess     = sensorWireProcess
	WireCgroup      = sensorWireCgroup
	WireExit        = sensorWireExit
	WireRename      = sensorWireRename
	WireCredentials = sensorWireCredentials
	WireBlock       = sensorWireBlock
	WireFile        = sensorWireFile
	WireSock        = sensorWireSock
	WireOwn         = sensorWireOwn
	WireMeasures    = sensorWireMeasures

	// Capture is one thing that a row has the kernel copy.
	Capture = sensorWireCapture
)

// Record types, WireHeader.Type.
const (
	TypeCall        = uint16(sensorWireTypeWIRE_CALL)
	TypeProcess     = uint16(sensorWireTypeWIRE_PROCESS)
	TypeExit        = uint16(sensorWireTypeWIRE_EXIT)
	TypeRename      = uint16(sensorWireTypeWIRE_RENAME)
	TypeCredentials = uint16(sensorWireTypeWIRE_CREDENTIALS)
	TypeAnswer      = uint16(sensorWireTypeWIRE_ANSWER)
)

// What WireHeader.Row can be beside a row's number.
const (
	RowNone    = uint16(sensorWireRowFlagROW_NONE)    // no row describes the record
	RowOutside = uint16(sensorWireRowFlagROW_OUTSIDE) // an exec or exit of a process outside of the scope
)

// Ways into the kernel, WireHeader.Via.
const (
	ViaNative  = uint8(sensorWireViaVIA_NATIVE)
	ViaCompat  = uint8(sensorWireViaVIA_COMPAT)
	ViaX32     = uint8(sensorWireViaVIA_X32)
	ViaIOUring = uint8(sensorWireViaVIA_IO_URING)
)

// Causes of a process record, WireProcess.Cause.
const (
	CauseScan   = uint32(sensorWireCauseCAUSE_SCAN)
	CauseFork   = uint32(sensorWireCauseCAUSE_FORK)
	CauseExec   = uint32(sensorWireCauseCAUSE_EXEC)
	CauseChange = uint32(sensorWireCauseCAUSE_CHANGE)
	CauseCgroup = uint32(sensorWireCauseCAUSE_CGROUP)
)

// Kinds of capture, Capture.Kind, and what stands in place of an argument's
// number in Capture.Arg and Capture.Aux.
const (
	CaptureNone   = uint8(sensorWireCaptureKindCAPTURE_NONE)
	CaptureString = uint8(sensorWireCaptureKindCAPTURE_STRING)
	CapturePath   = uint8(sensorWireCaptureKindCAPTURE_PATH)
	CaptureBytes  = uint8(sensorWireCaptureKindCAPTURE_BYTES)
	CaptureStruct = uint8(sensorWireCaptureKindCAPTURE_STRUCT)
	CaptureFile   = uint8(sensorWireCaptureKindCAPTURE_FILE)
	CaptureAddr   = uint8(sensorWireCaptureKindCAPTURE_ADDR)
	CaptureMsg    = uint8(sensorWireCaptureKindCAPTURE_MSG)
	CaptureMsgs   = uint8(sensorWireCaptureKindCAPTURE_MSGS)
	CaptureIovec  = uint8(sensorWireCaptureKindCAPTURE_IOVEC)
	CaptureFileAt = uint8(sensorWireCaptureKindCAPTURE_FILE_AT)

	PlaceCwd     = uint8(sensorWirePlacePLACE_CWD)
	PlaceNowhere = uint8(sensorWirePlacePLACE_NOWHERE)
	PlaceResult  = uint8(sensorWirePlacePLACE_RESULT)
)

// Kinds of block, WireBlock.Kind.
const (
	BlockNone     = uint16(sensorWireBlockKindBLOCK_NONE)
	BlockString   = uint16(sensorWireBlockKindBLOCK_STRING)
	BlockBytes    = uint16(sensorWireBlockKindBLOCK_BYTES)
	BlockAddr     = uint16(sensorWireBlockKindBLOCK_ADDR)
	BlockDir      = uint16(sensorWireBlockKindBLOCK_DIR)
	BlockFile     = uint16(sensorWireBlockKindBLOCK_FILE)
	BlockSock     = uint16(sensorWireBlockKindBLOCK_SOCK)
	BlockExe      = uint16(sensorWireBlockKindBLOCK_EXE)
	BlockCwd      = uint16(sensorWireBlockKindBLOCK_CWD)
	BlockCgroup   = uint16(sensorWireBlockKindBLOCK_CGROUP)
	BlockFilename = uint16(sensorWireBlockKindBLOCK_FILENAME)
	BlockArgv     = uint16(sensorWireBlockKindBLOCK_ARGV)
	BlockEnv      = uint16(sensorWireBlockKindBLOCK_ENV)
	BlockThread   = uint16(sensorWireBlockKindBLOCK_THREAD)
)

// Flags of a block, WireBlock.Flags.
const (
	BlockFault    = uint16(sensorWireBlockFlagBLOCK_FAULT)
	BlockCut      = uint16(sensorWireBlockFlagBLOCK_CUT)
	BlockReplaced = uint16(sensorWireBlockFlagBLOCK_REPLACED)
	BlockWhole    = uint16(sensorWireBlockFlagBLOCK_WHOLE)
)

// Flags of a file, WireFile.Flags.
const (
	FileUpper    = uint32(sensorWireFileFlagFILE_UPPER)
	FileLower    = uint32(sensorWireFileFlagFILE_LOWER)
	FileDeleted  = uint32(sensorWireFileFlagFILE_DELETED)
	FileMemfd    = uint32(sensorWireFileFlagFILE_MEMFD)
	FileWritable = uint32(sensorWireFileFlagFILE_WRITABLE)
	FileCreated  = uint32(sensorWireFileFlagFILE_CREATED)
)

// Header is the record's header in place, nil if the record is too short.
func (r Raw) Header() *WireHeader {
	if len(r) < int(unsafe.Sizeof(WireHeader{})) {
		return nil
	}
	return (*WireHeader)(unsafe.Pointer(unsafe.SliceData(r)))
}
