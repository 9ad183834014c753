package syscallreceiver

import (
	"errors"

	"go.uber.org/zap"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/syscalls"
)

// source gives raw records; they are valid until the callback returns. Read
// is for one goroutine, the others for any.
type source interface {
	// Scan gives what was there before the first record of Read.
	Scan(func(bpf.Raw)) error
	// Read gives the records that wait, and their number. With none it waits
	// some milliseconds. After Close it returns os.ErrClosed.
	Read(func(bpf.Raw)) (int, error)
	// Counts is what became of all records until now.
	Counts() (bpf.Counts, error)
	// Close may be called more than once.
	Close() error
}

// openSource starts a capture, or opens the recording that is to stand for one.
func openSource(cfg *Config, rows []*syscalls.Row, log *zap.Logger) (source, error) {
	if cfg.Recording != "" {
		return openRecording(cfg.Recording)
	}
	sensor, err := bpf.Load(bpf.Options{Rows: rows, RingBytes: cfg.RingBytes})
	if err != nil {
		return nil, err
	}
	if err := sensor.Attach(); err != nil {
		return nil, errors.Join(err, sensor.Close())
	}
	for _, loss := range sensor.Missing() {
		log.Warn("This kernel lacks " + loss)
	}
	return sensor, nil
}
