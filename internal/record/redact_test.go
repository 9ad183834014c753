package record

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

func newRedactor(t testing.TB, secrets ...Secret) *Redactor {
	t.Helper()
	r, err := NewRedactor(append(slices.Clone(Secrets), secrets...))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// secretTexts are texts with what stands in a record instead; "" for those
// without a secret. Tokens are put together here, so that none stands in this file.
var secretTexts = []struct{ text, want string }{
	{"tool --password hunter2 --user ana", "tool --password *** --user ana"},
	{"tool --password=hunter2", "tool --password=***"},
	{"tool --db-password 'two words' x", "tool --db-password '***' x"},
	{`tool --password "two words" --user ana`, `tool --password "***" --user ana`},
	{`tool --password="two \" words" x`, `tool --password="***" x`},
	{`tool --password "cut he`, `tool --password "***`},
	{"PGPASSWORD='a b' psql -h db", "PGPASSWORD='***' psql -h db"},
	{`export DB_PASS="a b"; run`, `export DB_PASS="***"; run`},
	{`echo {\"password\":\"a b\"}`, `echo {\"password\":\"***\"}`},
	{"password = x", "password = ***"},
	{"tool -token abc", "tool -token ***"},
	{"tool --secret-access-key x", "tool --secret-access-key ***"},
	{"tool --api_key=x", "tool --api_key=***"},
	{"tool -pass x", "tool -pass ***"},
	{"tool --password --user ana", ""},
	{"tool --password-file /run/secret", ""},
	{"tool\x00--password\x00hunter2\x00x", "tool\x00--password\x00***\x00x"},
	{"passwd root", ""},
	{"cat /etc/passwd", ""},
	{"docker run -v /etc/passwd:/etc/passwd x", ""},
	{"PWD=/home/ana OLDPWD=/tmp", ""},
	{"PGPASSWORD=x DB_PWD=y HOME=/root", "PGPASSWORD=*** DB_PWD=*** HOME=/root"},
	{"AWS_SECRET_ACCESS_KEY=x/y+z A=b", "AWS_SECRET_ACCESS_KEY=*** A=b"},
	{"SECRET_KEY_BASE=x", "SECRET_KEY_BASE=***"},
	{`curl -d {"user":"a","password":"x y"} u`, `curl -d {"user":"a","password":"***"} u`},
	{"Server=db;Password=x;User=a", "Server=db;Password=***;User=a"},
	{"git clone https://ana:hunter2@example.com/x", "git clone https://ana:***@example.com/x"},
	{"psql postgres://ana:p@ss@db/x", "psql postgres://ana:***@db/x"},
	{"wget https://example.com:8080/@x", ""},
	{"curl -H Authorization: Basic YWJj x", "curl -H Authorization: Basic *** x"},
	{"curl -H 'authorization: abc' x", "curl -H 'authorization: ***' x"},
	{`curl -H "Authorization: Bearer abc" https://x/y`, `curl -H "Authorization: Bearer ***" https://x/y`},
	{`curl -H "Authorization: Digest username=a, response=b" u`, `curl -H "Authorization: Digest ***" u`},
	{`curl -H 'Cookie: a=b; c=d' u`, `curl -H 'Cookie: ***' u`},
	{"curl -b a=b u", "curl -b a=*** u"},
	{"x Bearer abcdefgh.ij", "x Bearer ***"},
	{"the bearer of news", ""},
	{"aws " + "AKIA" + strings.Repeat("A1", 8) + " x", "aws AKIA*** x"},
	{"aws " + "AKIA" + strings.Repeat("A1", 9), ""},
	{"gh " + "gh" + "p_" + strings.Repeat("a", 36), "gh ghp_***"},
	{"gl " + "glp" + "at-" + strings.Repeat("a", 20), "gl glpat-***"},
	{"xo" + "xb-" + "1234567890-abc", "xoxb-***"},
	{"sk_" + "live_" + strings.Repeat("a", 24), "sk_live_***"},
	{"AI" + "za" + strings.Repeat("a", 35), "AIza***"},
	{"sk-" + "ant-" + strings.Repeat("a", 20), "sk-ant-***"},
	{"np" + "m_" + strings.Repeat("a", 36), "npm_***"},
	{"hv" + "s." + strings.Repeat("a", 24), "hvs.***"},
	{"ey" + "J" + "hbGciOiJI.abcdefghij.klm-n", "eyJhbGciOiJI.***"},
	{"-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----"},
	{"mysql -u root -phunter2 db", "mysql -u root -p*** db"},
	{"mysqldump -phunter2", "mysqldump -p***"},
	{"mysql -u root -p db", ""},
	{"mysql --port 1", ""},
	{"mysql -u root -P3306 -p'a b' db", "mysql -u root -P3306 -p'***' db"},
	{"aws configure set aws_secret_access_key x", "aws configure set aws_secret_access_key ***"},
	{"az copy https://x/y?sv=1&sig=abc%3D&se=2", "az copy https://x/y?sv=1&sig=***&se=2"},
	{"curl https://hooks.slack.com/" + "services/T0/B0/x", "curl https://hooks.slack.com/services/***"},
	{"kubectl create secret generic s --from-literal=user=x", "kubectl create secret generic s --from-literal=user=***"},
	{"openssl enc -pass pass:hunter2 -in x", "openssl enc -pass *** -in x"},
	{"openssl req -passin pass:hunter2", "openssl req -passin pass:***"},
	{"ssh-keygen -t rsa -N 'a b' -f x", "ssh-keygen -t rsa -N '***' -f x"},
	{"ldapsearch -x -w hunter2 -b dc=x", "ldapsearch -x -w *** -b dc=x"},
	{"unzip -P hunter2 x.zip", "unzip -P *** x.zip"},
	{"hf " + "hf" + "_" + strings.Repeat("a", 34), "hf hf_***"},
	{"twine py" + "pi-" + strings.Repeat("a", 60), "twine pypi-***"},
	{"do" + "p_v1_" + strings.Repeat("a", 64), "dop_v1_***"},
	{"AGE-SECRET" + "-KEY-1" + strings.Repeat("Q", 40), "AGE-SECRET-KEY-***"},
	{"sshpass -p hunter2 ssh host", "sshpass -p *** ssh host"},
	{"curl -u ana:hunter2 https://example.com", "curl -u ana:*** https://example.com"},
	{"curl --user ana:hunter2 x", "curl --user ana:*** x"},
	{"redis-cli -h x -a hunter2", "redis-cli -h x -a ***"},
	{"docker login -u ana -p hunter2", "docker login -u ana -p ***"},
	{"smbclient -U ana%hunter2 //x/y", "smbclient -U ana%*** //x/y"},
	{"", ""},
	{"p", ""},
}

// harmless are texts of every day that stay as they are, though words in them
// look like those that secrets follow.
var harmless = []string{
	"ls -l /tmp",
	"passwd root",
	"grep -r password /etc",
	"cat /etc/passwd /etc/shadow /root/.ssh/id_rsa",
	"docker run -v /etc/passwd:/etc/passwd:ro -p 80:80 nginx",
	"docker build --secret-file x .",
	"docker login registry.example.com",
	"ssh -i /home/ana/.ssh/key.pem -p 2222 ana@host",
	"scp -P 22 ana@host:/etc/passwd .",
	"git clone git@example.com:ana/password-store.git",
	"git commit -m tokenizer",
	"wget https://example.com:8080/@scope/package",
	"curl -u ana https://example.com",
	"curl -X POST https://example.com/token",
	"mysql -u root -p -P3306 db",
	"mysqldump --protocol=tcp --port=3306 db",
	"psql -h db -U ana -p 5432",
	"sort --key=2 -k 1 file",
	"openssl rsa -passin file:/run/x -in key.pem",
	"openssl x509 -pubkey -noout -in cert.pem",
	"keytool -list -keystore x.jks",
	"apt-key adv --recv-keys ABCDEF",
	"find / -name *.key -o -name *secret*",
	"env compass=north bypass=1 monkey=banana keyword=x",
	"kubectl get secret db -o yaml",
	"kubectl create secret tls x --cert=a --key=b",
	"vault token lookup",
	"gpg --list-secret-keys",
	"sshpass -f /run/x ssh host",
	"ps aux -p 1",
	"mkdir -p /var/lib/mysql",
	"chown -R mysql:mysql /var/lib/mysql",
	"systemd-ask-password --timeout=10",
	"unzip -p x.zip",
	"/usr/lib/systemd/systemd-logind",
	"the authorization of the bearer",
	"java -Xmx1g -cp auth-key.jar Main",
	"PWD=/root OLDPWD=/tmp SSH_AUTH_SOCK=/tmp/agent.1 GPG_TTY=/dev/pts/0",
	"LS_COLORS=rs=0:di=01;34:ln=01 LESSKEY=/etc/lesskey",
}

func TestHarmless(t *testing.T) {
	r := newRedactor(t)
	for _, text := range harmless {
		if got, found := r.Redact(text); found {
			t.Errorf("%q became %q", text, got)
		}
		words := strings.Fields(text)
		if got := r.RedactAll(len(words), func(i int) string { return words[i] }); got != nil {
			t.Errorf("the arguments %q became %q", words, got)
		}
	}
}

func TestRedact(t *testing.T) {
	r := newRedactor(t)
	for _, test := range secretTexts {
		want := test.want
		if want == "" {
			want = test.text
		}
		for _, before := range []string{"", "x "} { // literals at even and at odd places
			text := before + test.text
			if got, found := r.Redact(text); got != before+want || found != (test.want != "") {
				t.Errorf("%q: %v %q, want %q", text, found, got, before+want)
			}
		}
		if again, found := r.Redact(want); again != want || found {
			t.Errorf("%q: a second time %q", want, again)
		}
	}
}

func TestRedactAll(t *testing.T) {
	r := newRedactor(t)
	for _, test := range []struct{ list, want []string }{
		{[]string{"tool", "--password", "two words", "-x"}, []string{"tool", "--password", "***", "-x"}},
		{[]string{"tool", "-x"}, nil},
		{[]string{"--password"}, nil},
		{nil, nil},
		{[]string{"mysql", "-pX", "a\x00b"}, []string{"mysql", "-p***", "a b"}},
		{[]string{"mysql", "-e", "a;b", "-ptwo words", "x"}, []string{"mysql", "-e", "a;b", "-p***", "x"}},
		{[]string{"tool", "--password=two words", "-x"}, []string{"tool", "--password=***", "-x"}},
		{[]string{"env", "DB_PASSWORD=two words", "tool"}, []string{"env", "DB_PASSWORD=***", "tool"}},
		{[]string{"sh", "-c", "PASSWORD=x tool 'y z'"}, []string{"sh", "-c", "PASSWORD=*** tool 'y z'"}},
		{[]string{"curl", "-H", "Authorization: Digest a=b, c d", "u"}, []string{"curl", "-H", "Authorization: Digest ***", "u"}},
		{[]string{"curl", "-HX-Api-Key: a", "-uana:two words", "u"}, []string{"curl", "-HX-Api-Key: ***", "-uana:***", "u"}},
		{[]string{"curl", "--user", "ana:two words", "u"}, []string{"curl", "--user", "ana:***", "u"}},
		{[]string{"sshpass", "-p", "two words", "ssh"}, []string{"sshpass", "-p", "***", "ssh"}},
		{[]string{"sshpass", "-ptwo words", "ssh"}, []string{"sshpass", "-p***", "ssh"}},
		{[]string{"docker", "login", "-u", "ana", "-p", "two words"}, []string{"docker", "login", "-u", "ana", "-p", "***"}},
	} {
		if got := r.RedactAll(len(test.list), func(i int) string { return test.list[i] }); !slices.Equal(got, test.want) {
			t.Errorf("%q: %q", test.list, got)
		}
	}
	var none *Redactor
	if none.RedactAll(1, func(int) string { return "--password=x" }) != nil {
		t.Error("a redactor that is none hides")
	}
}

func TestRedactorRefuses(t *testing.T) {
	for _, s := range []Secret{
		{Name: "x", Expr: "(", Literals: []string{"abc"}},
		{Name: "x", Expr: "abc", Literals: []string{"abc"}},
		{Name: "x", Expr: "(a)b", Literals: []string{"ab"}},
	} {
		if _, err := NewRedactor([]Secret{s}); !errors.Is(err, ErrPattern) {
			t.Errorf("%s: %v", s.Expr, err)
		}
	}
	if _, err := NewRedactor(make([]Secret, formsMax+1)); !errors.Is(err, ErrPattern) {
		t.Error("too many forms")
	}
}

func TestOwnPattern(t *testing.T) {
	r := newRedactor(t, Secret{Name: "own", Expr: `card (\d+)`})
	if got, found := r.Redact("card 4711"); got != "card ***" || !found {
		t.Error(got)
	}
}

// FuzzRedact: nothing outside of a mask is lost, and a text is hidden once and
// for all.
func FuzzRedact(f *testing.F) {
	r := newRedactor(f)
	for _, test := range secretTexts {
		f.Add(test.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		clean, found := r.Redact(text)
		if !found && clean != text {
			t.Errorf("%q changed to %q", text, clean)
		}
		if r.possible(text) == 0 && found {
			t.Errorf("%q: found without a literal", text)
		}
		for _, form := range r.forms { // the look at pairs must not hide a form
			if strings.ContainsAny(text, "\u017f\u212a") {
				break // in any case, these are an s and a k to a pattern
			}
			if _, hit := hide(form, text); hit && !found {
				t.Errorf("%q: %s was not tried", text, form)
			}
		}
		for part := range strings.SplitSeq(clean, mask) {
			if !strings.Contains(text, part) {
				t.Errorf("%q: %q is not of the text", clean, part)
			}
		}
	})
}

func BenchmarkRedactNothing(b *testing.B) {
	r := newRedactor(b)
	const line = "/usr/bin/containerd-shim-runc-v2 -namespace moby -id 3ad7b26ded6d8e7b23da7d48fe88 -address /run/containerd/containerd.sock"
	b.ReportAllocs()
	for b.Loop() {
		if _, found := r.Redact(line); found {
			b.Fatal("found a secret")
		}
	}
}

func TestRedactionDoc(t *testing.T) {
	const file = "../../docs/redaction.md"
	if *update {
		if err := os.WriteFile(file, []byte(Markdown()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	doc, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(doc) != Markdown() {
		t.Errorf("%s is old (-update writes it)", file)
	}
}
