package record

// Secret is one form in which programs are told secrets. Expr is a regular
// expression (RE2); what its groups match is the secret. An argument may be
// followed by a blank, by the NUL that ends it in memory, or by the dot that
// stands for that NUL in evt.args.
type Secret struct {
	Name string
	// Literals are texts of three bytes or more, in any case: where none of
	// them occurs the form can't either. Without any, every text is searched.
	Literals []string
	Expr     string
}

// What the names of options and variables that hold secrets end in.
const (
	secretKeys  = `(?:api|access|secret|private|encryption|signing|account|auth|master|license)[-_.]?key(?:[-_.]?base)?`
	secretWords = `(?:password|passwd|passphrase|passcode|secret|token|credentials?|` + secretKeys + `)`
)

var secretLiterals = []string{"pass", "_pwd", "-pwd", ".pwd", "secret", "token", "credential", "key"}

// Secrets are the well-known forms.
var Secrets = []Secret{
	{
		"option", secretLiterals,
		`(?i)(?:^|[^\w-])--?(?:[\w-]*[-_])?(?:` + secretWords + `|pass|pwd)(?:=|[\s\x00.]+)("[^"]*"|'[^']*'|[^\s\x00-][^\s\x00]*)`,
	},
	{
		"assignment", secretLiterals,
		`(?i)(?:` + secretWords + `|pass|[a-z][_.-]pwd)["']?\s{0,3}(?:=\s{0,3}["']?([^\s\x00"',;&]+)|:\s{0,3}["']?([^\s\x00"',;&/][^\s\x00"',;&]*))`,
	},
	{"URL", []string{"://"}, `(?i)[a-z][a-z0-9+.-]*://[^\s\x00/@:]*:([^\s\x00/]+)@`},
	{
		"authorization header",
		[]string{"authorization"},
		`(?i)authorization["']?\s{0,3}[:=]\s{0,3}["']?(?:(?:basic|bearer|digest|negotiate|token|apikey)[\s\x00.]+)?([^\s\x00"',;]+)`,
	},
	{"bearer token", []string{"bearer"}, `(?i)\bbearer[\s\x00.]+([a-z0-9._~+/=-]{8,})`},
	{"AWS key", []string{"AKIA", "ASIA"}, `\b(?:AKIA|ASIA)([A-Z0-9]{16})\b`},
	{"GitHub token", []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"}, `\b(?:gh[pousr]_|github_pat_)([A-Za-z0-9_]{20,})`},
	{"GitLab token", []string{"glpat-"}, `\bglpat-([\w-]{20,})`},
	{"Slack token", []string{"xoxa-", "xoxb-", "xoxe-", "xoxo-", "xoxp-", "xoxr-", "xoxs-"}, `\bxox[abeoprs]-([A-Za-z0-9-]{10,})`},
	{"Stripe key", []string{"k_live_"}, `\b[rs]k_live_([A-Za-z0-9]{10,})`},
	{"Google key", []string{"AIza"}, `\bAIza([\w-]{35})`},
	{"model key", []string{"sk-ant-", "sk-proj-"}, `\bsk-(?:ant|proj)-([\w-]{16,})`},
	{"npm token", []string{"npm_"}, `\bnpm_([A-Za-z0-9]{36})`},
	{"Vault token", []string{"hvs."}, `\bhvs\.([\w-]{20,})`},
	{"web token", []string{"eyJ"}, `\beyJ[\w-]{8,}\.([\w-]{8,}\.[\w-]+)`},
	{"private key", []string{"PRIVATE KEY-----"}, `-----BEGIN [A-Z ]*PRIVATE KEY-----([^-]+)`},
	{"mysql", []string{"mysql", "mariadb"}, `(?i)\b(?:mysql|mariadb)[\w-]*[\s\x00.](?:[^|;&]*?[\s\x00.])?-p([^\s\x00]+)`},
	{"sshpass", []string{"sshpass"}, `\bsshpass[\s\x00.](?:[^|;&]*?[\s\x00.])?-p[\s\x00.]*([^\s\x00]+)`},
	{"curl", []string{"curl"}, `\bcurl[\s\x00.](?:[^|;&]*?[\s\x00.])?(?:-u|--user)[\s\x00.=]*[^\s\x00:]+:([^\s\x00]+)`},
	{"redis-cli", []string{"redis-cli"}, `\bredis-cli[\s\x00.](?:[^|;&]*?[\s\x00.])?-a[\s\x00.]+([^\s\x00]+)`},
	{"registry login", []string{"login"}, `\blogin[\s\x00.](?:[^|;&]*?[\s\x00.])?-p[\s\x00.]+([^\s\x00]+)`},
	{"smbclient", []string{"smbclient"}, `\bsmbclient[\s\x00.](?:[^|;&]*?[\s\x00.])?-U[\s\x00.]*[^\s\x00%]+%([^\s\x00]+)`},
}
