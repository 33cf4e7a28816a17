package dialect

import "strings"

// truths are the words for yes and no that exports write, and that spreadsheets turn them into in their own language.
var truths = func() map[string]bool {
	words := map[string]bool{}
	for w := range strings.FieldsSeq("true yes y on 1 wahr ja vrai oui prawda tak vero sì si verdadero verdadeiro sim waar sant sann sand tosi igaz pravda ano doğru истина да") {
		words[w] = true
	}
	for w := range strings.FieldsSeq("false no n off 0 falsch nein faux non fałsz nie falso não onwaar nee falskt falsk epätosi hamis nepravda ne yanlış ложь нет") {
		words[w] = false
	}
	return words
}()

// Truth reads a yes or a no; ok is false for everything else.
func Truth(cell []byte) (yes, ok bool) {
	yes, ok = truths[strings.ToLower(strings.TrimSpace(string(cell)))]
	return yes, ok
}
