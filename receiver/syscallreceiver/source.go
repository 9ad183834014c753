package syscallreceiver

import (
	"os"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/state"
)

// source gives raw records; they are valid until the callback returns. Read
// is for one goroutine, the others for any.
type source interface {
	// Attach starts the capture and gives what runs already, before the first Read.
	Attach(known func(bpf.Raw)) error
	// Scan gives what runs now.
	Scan(func(bpf.Raw)) error
	// Read gives the records that wait, and their number. With none it waits
	// some milliseconds. After Stop it gives what was captured until then, and
	// at the end os.ErrClosed.
	Read(func(bpf.Raw)) (int, error)
	// Judge says whether the processes of a cgroup are within the scope: those
	// of others need not be captured from then on.
	Judge(cgroup bpf.WireCgroup, within bool) error
	// SetMounts says where the root of each file system, by device, is mounted first.
	SetMounts(first map[uint32]string) error
	// Counts is what became of all records until now. Not after Close.
	Counts() (bpf.Counts, error)
	// Stop ends the capture, and Read. It may be called more than once.
	Stop() error
	// Close comes after the last Read; it may be called more than once.
	Close() error
}

// capture is the sensor as a source: it can be read to its end.
type capture struct {
	*bpf.Sensor
	filter  *bpf.Filter // nil: none
	stopped atomic.Bool
}

// voucherOf is what takes what processes of src can do, nil: nobody wants to know.
func voucherOf(src source) state.Voucher {
	if c, live := src.(*capture); live && c.filter != nil && c.Vouches() {
		return c.Voucher(c.filter)
	}
	return nil
}

func (c *capture) Stop() error {
	defer c.stopped.Store(true)
	return c.Detach()
}

func (c *capture) Read(handle func(bpf.Raw)) (int, error) {
	stopped := c.stopped.Load() // if so, this Read sees all there is
	n, err := c.Sensor.Read(handle)
	if stopped && n == 0 && err == nil {
		return 0, os.ErrClosed
	}
	return n, err
}

// openSource makes a capture, or opens the recording that is to stand for one.
func openSource(cfg *Config, chosen choice, log *zap.Logger) (source, error) {
	if cfg.Recording != "" {
		return openRecording(cfg.Recording)
	}
	scope, err := cfg.Scope.inKernel()
	if err != nil {
		return nil, err
	}
	needs := chosen.needs()
	var filter *bpf.Filter
	if cfg.Pushdown {
		filter = chosen.filter()
	}
	sensor, err := bpf.Load(bpf.Options{
		Rows: chosen.rows(), Filter: filter, RingBytes: cfg.RingBytes, Scope: scope, Hooks: cfg.Hooks,
		Answers: needs&field.Answers != 0, NoEnvironment: needs&field.Environment == 0,
	})
	if err != nil {
		return nil, err
	}
	for _, loss := range sensor.Missing() {
		log.Warn("This kernel lacks " + loss)
	}
	if why := sensor.Preempted(); why != nil {
		log.Warn("This kernel preempts programs, so that a busy CPU can cost calls; saker doctor says what helps", zap.Error(why))
	}
	return &capture{Sensor: sensor, filter: filter}, nil
}
