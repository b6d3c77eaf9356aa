package main

import (
	"bytes"
	"io/fs"
	"strings"
	"testing/fstest"

	"github.com/BurntSushi/toml"
)

// A language has the texts of the imaginary application whose errors are answered.
type language struct {
	tag     string
	locked  string            // static
	missing string            // one argument
	hours   string            // three arguments
	limit   string            // one argument, in details
	files   map[string]string // plural
}

// plurals returns a text by plural form. Most of them are filler; the forms are CLDR's.
func plurals(forms, text string) map[string]string {
	all := map[string]string{}
	for form := range strings.FieldsSeq(forms) {
		all[form] = strings.ReplaceAll(text, "#", form)
	}
	return all
}

func (l language) key() string { return strings.ToUpper(l.tag) }

// texts are the texts by id: what a locale file holds.
func (l language) texts() map[string]map[string]string {
	all := map[string]map[string]string{
		"task_locked":   {"other": l.locked}, // over the built-in text
		"order_locked":  {"other": l.locked},
		"order_missing": {"other": l.missing},
		"files_missing": l.files,
	}
	if l.hours != "" {
		all["hours_booked"] = map[string]string{"other": l.hours}
		all["hours_limit"] = map[string]string{"other": l.limit}
	}
	return all
}

// files are the locale files of languages.
func files(languages []language) fs.FS {
	all := fstest.MapFS{}
	for _, l := range languages {
		var content bytes.Buffer
		check(toml.NewEncoder(&content).Encode(l.texts()))
		all["active."+l.tag+".toml"] = &fstest.MapFile{Data: content.Bytes()}
	}
	return all
}

// body puts one text of every language into the shape of a body: {"DE":"…","EN":"…"}.
func body(languages []language, text func(language) string) string {
	var members []string
	for _, l := range languages {
		members = append(members, `"`+l.key()+`":"`+text(l)+`"`)
	}
	return "{" + strings.Join(members, ",") + "}"
}

// list is the value of Content-Language.
func list(languages []language) string { return strings.Join(tags(languages), ", ") }

func tags(languages []language) (list []string) {
	for _, l := range languages {
		list = append(list, l.tag)
	}
	return list
}

var four = []language{twenty[3], twenty[4], twenty[7], twenty[13]}

// twenty is sorted by tag.
var twenty = []language{
	{tag: "ar", locked: "هذا غير ممكن لأن المهمة مقفلة.",
		missing: "الطلب {{.ID}} غير موجود.",
		files:   plurals("zero one two few many other", "# {{.Count}} ملفات مفقودة.")},
	{tag: "cs", locked: "To není možné, protože úkol je uzamčen.",
		missing: "Objednávka {{.ID}} nebyla nalezena.",
		files:   plurals("one few many other", "# Chybí {{.Count}} souborů.")},
	{tag: "da", locked: "Det er ikke muligt, fordi opgaven er låst.",
		missing: "Ordren {{.ID}} blev ikke fundet.",
		files:   plurals("one other", "# {{.Count}} filer mangler.")},
	{tag: "de", locked: "Dies ist nicht möglich, weil die Aufgabe gesperrt ist.",
		missing: "Die Bestellung {{.ID}} wurde nicht gefunden.",
		hours:   "{{.User}} hat am {{.Date}} bereits {{.Hours}} Stunden gebucht.",
		limit:   "Mehr als {{.Max}} Stunden sind nicht möglich.",
		files:   plurals("one other", "# Es fehlen {{.Count}} Dateien.")},
	{tag: "en", locked: "This is not possible because the task is locked.",
		missing: "The order {{.ID}} was not found.",
		hours:   "{{.User}} has already booked {{.Hours}} hours on {{.Date}}.",
		limit:   "No more than {{.Max}} hours are possible.",
		files:   plurals("one other", "# {{.Count}} files are missing.")},
	{tag: "es", locked: "Esto no es posible porque la tarea está bloqueada.",
		missing: "No se encontró el pedido {{.ID}}.",
		files:   plurals("one many other", "# Faltan {{.Count}} archivos.")},
	{tag: "fi", locked: "Tämä ei ole mahdollista, koska tehtävä on lukittu.",
		missing: "Tilausta {{.ID}} ei löytynyt.",
		files:   plurals("one other", "# {{.Count}} tiedostoa puuttuu.")},
	{tag: "fr", locked: "Cette opération est impossible, car la tâche est verrouillée.",
		missing: "La commande {{.ID}} est introuvable.",
		hours:   "{{.User}} a déjà saisi {{.Hours}} heures le {{.Date}}.",
		limit:   "Plus de {{.Max}} heures ne sont pas possibles.",
		files:   plurals("one many other", "# Il manque {{.Count}} fichiers.")},
	{tag: "hu", locked: "Ez nem lehetséges, mert a feladat zárolva van.",
		missing: "A(z) {{.ID}} rendelés nem található.",
		files:   plurals("one other", "# {{.Count}} fájl hiányzik.")},
	{tag: "it", locked: "Non è possibile perché l'attività è bloccata.",
		missing: "L'ordine {{.ID}} non è stato trovato.",
		files:   plurals("one many other", "# Mancano {{.Count}} file.")},
	{tag: "ja", locked: "タスクがロックされているため、実行できません。",
		missing: "注文 {{.ID}} が見つかりません。",
		files:   plurals("other", "# {{.Count}} 個のファイルがありません。")},
	{tag: "ko", locked: "작업이 잠겨 있어 실행할 수 없습니다.",
		missing: "주문 {{.ID}}을(를) 찾을 수 없습니다.",
		files:   plurals("other", "# 파일 {{.Count}}개가 없습니다.")},
	{tag: "pl", locked: "Nie jest to możliwe, ponieważ zadanie jest zablokowane.",
		missing: "Nie znaleziono zamówienia {{.ID}}.",
		files:   plurals("one few many other", "# Brakuje {{.Count}} plików.")},
	{tag: "pt", locked: "Esta ação não é possível porque a tarefa está bloqueada.",
		missing: "O pedido {{.ID}} não foi encontrado.",
		hours:   "{{.User}} já registrou {{.Hours}} horas em {{.Date}}.",
		limit:   "Mais de {{.Max}} horas não são possíveis.",
		files:   plurals("one many other", "# Faltam {{.Count}} arquivos.")},
	{tag: "ru", locked: "Это невозможно, так как задача заблокирована.",
		missing: "Заказ {{.ID}} не найден.",
		files:   plurals("one few many other", "# Не хватает файлов: {{.Count}}.")},
	{tag: "sk", locked: "To nie je možné, pretože úloha je uzamknutá.",
		missing: "Objednávka {{.ID}} sa nenašla.",
		files:   plurals("one few many other", "# Chýba {{.Count}} súborov.")},
	{tag: "sv", locked: "Det är inte möjligt eftersom uppgiften är låst.",
		missing: "Beställningen {{.ID}} hittades inte.",
		files:   plurals("one other", "# {{.Count}} filer saknas.")},
	{tag: "tr", locked: "Görev kilitli olduğu için bu mümkün değil.",
		missing: "{{.ID}} numaralı sipariş bulunamadı.",
		files:   plurals("one other", "# {{.Count}} dosya eksik.")},
	{tag: "uk", locked: "Це неможливо, оскільки завдання заблоковано.",
		missing: "Замовлення {{.ID}} не знайдено.",
		files:   plurals("one few many other", "# Бракує файлів: {{.Count}}.")},
	{tag: "zh-Hans", locked: "任务已锁定，无法执行此操作。",
		missing: "未找到订单 {{.ID}}。",
		files:   plurals("other", "# 缺少 {{.Count}} 个文件。")},
}
