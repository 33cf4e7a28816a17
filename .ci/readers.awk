# Prints the tests of a package, given its test files, that read ../shared: those whose text names a folder of it, and those that use a
# function, constant or variable of the tests that does.
/^(func|const|var|type) / {
  n++
  block = /^(const|var|type) \($/
  name = $0
  sub(/^[a-z]+ (\([^)]*\) )?/, "", name)
  sub(/[^A-Za-z0-9_].*/, "", name)
  if (!block) names[n] = name (/^func/ ? "[(]" : "([^A-Za-z0-9_]|$)")
}
block && /^\t[A-Za-z]/ {
  name = $1
  sub(/[^A-Za-z0-9_].*/, "", name)
  names[n] = names[n] "|" name "([^A-Za-z0-9_]|$)"
}
{text[n] = text[n] "\n" $0}
END {
  want = "shared/(data|cases)|\"[.][.]\", \"shared\""
  do {
    more = 0
    for (i = 1; i <= n; i++) if (!reads[i] && text[i] ~ want) {
      reads[i] = more = 1
      sub(/^\|/, "", names[i])
      if (names[i] != "" && names[i] !~ /^(Test|Fuzz|Benchmark)/) want = want "|(^|[^A-Za-z0-9_])(" names[i] ")"
    }
  } while (more)
  for (i = 1; i <= n; i++) if (reads[i] && names[i] ~ /^(Test|Fuzz)/) {sub(/[^A-Za-z0-9_].*/, "", names[i]); print names[i]}
}
