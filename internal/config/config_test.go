package config

import (
	"errors"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/sakerhq/saker/internal/config/configtest"
)

type settings struct {
	Name  string            `mapstructure:"name"`
	Batch batch             `mapstructure:"batch"`
	Extra *batch            `mapstructure:"extra"`
	All   []batch           `mapstructure:"all"`
	Free  map[string]string `mapstructure:"free"`
	Other *component.ID     `mapstructure:"other"`
}

type batch struct {
	Size  int           `mapstructure:"size"`
	Delay time.Duration `mapstructure:"delay"`
}

func (s *settings) Unmarshal(conf *confmap.Conf) error { return Unmarshal(conf, s) }

func TestUnmarshal(t *testing.T) {
	for _, c := range []struct{ yaml, wrong string }{
		{"", ""},
		{"{ name: a, batch: { size: 1 }, extra: { delay: 1s }, all: [{ size: 1 }], free: { anything: b }, other: a/b }", ""},
		{"nme: a", "'' unknown key nme: did you mean name?"},
		{"zebra: a", "'' unknown key zebra: there are all, batch, extra, free, name, other"},
		{"Name: a", "'' unknown key Name: did you mean name?"},
		{"batch: { siz: 1 }", "'' unknown key batch::siz: did you mean size?"},
		{"extra: { x: 1 }", "'' unknown key extra::x: there are delay, size"},
		{"all: [{ size: 1 }, { sise: 1 }]", "'' unknown key all::1::sise: did you mean size?"},
		{"{ b: 1, all: [{ a: 1 }] }", "'' unknown key all::0::a: there are delay, size; unknown key b: there are all, batch, extra, free, name, other"},
		{"batch: 5", "'' 'batch' expected a map or struct, got \"int\""},
	} {
		text := ""
		if err := configtest.Parse(t, c.yaml).Unmarshal(&settings{}); err != nil {
			text = strings.TrimPrefix(err.Error(), "decoding failed due to the following error(s):\n\n")
		}
		if text != c.wrong {
			t.Errorf("%s: %q, want %q", c.yaml, text, c.wrong)
		}
	}
}

func TestChecks(t *testing.T) {
	for _, c := range []struct {
		err  error
		text string
	}{
		{Join(nil, nil), ""},
		{Join(nil, errors.New("a"), nil, errors.New("b")), "a; b"},
		{OneOf("key", "a", "a", "b"), ""},
		{OneOf("key", "c", "a", "b"), `key: "c" is none of a, b`},
		{Delay("key", 0), ""},
		{Delay("key", time.Millisecond), ""},
		{Delay("key", -time.Second), "key: -1s is negative"},
		{Delay("key", 500), "key: 500ns is less than 1ms: write it with its unit, as in 500ms or 2s"},
	} {
		text := ""
		if c.err != nil {
			text = c.err.Error()
		}
		if text != c.text {
			t.Errorf("%q, want %q", text, c.text)
		}
	}
}
