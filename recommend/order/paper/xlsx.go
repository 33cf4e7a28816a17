package paper

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/xuri/excelize/v2"

	"sizeterm/recommend/order"
)

// sheetName is the sheet of a workbook that holds the orders.
const sheetName = "Orders"

// numbers are the columns that a workbook holds as numbers. Ids of partners and orders stay texts.
var numbers = append([]string{"quantity"}, amounts...)

// WriteXLSX writes the rows of WriteCSV as a workbook, with the names of the columns in the first row. Amounts and
// quantities are numbers, everything else is text and never a formula. The workbook can be reviewed and read back by
// ReadCSV.
func WriteXLSX(w io.Writer, orders []order.Order) error {
	book := excelize.NewFile()
	defer book.Close()
	if err := book.SetSheetName("Sheet1", sheetName); err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	rows := [][]string{columns}
	var latest time.Time
	for i := range orders {
		rows = append(rows, row(&orders[i]))
		if orders[i].Changed.After(latest) {
			latest = orders[i].Changed
		}
	}
	for y, cells := range rows {
		for x, text := range cells {
			if err := putCell(book, x, y, columns[x], text); err != nil {
				return fmt.Errorf("write xlsx: %w", err)
			}
		}
	}
	if err := lookOf(book, len(rows)); err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	stamp := latest.UTC().Format(time.RFC3339)
	if err := book.SetDocProps(&excelize.DocProperties{Title: "Orders", Creator: "sizeterm", Created: stamp, Modified: stamp}); err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	return book.Write(w)
}

func putCell(book *excelize.File, x, y int, column, text string) error {
	cell, err := excelize.CoordinatesToCellName(x+1, y+1)
	if err != nil {
		return err
	}
	if y > 0 && slices.Contains(numbers, column) {
		if n, err := strconv.ParseFloat(text, 64); err == nil && strconv.FormatFloat(n, 'f', -1, 64) == trimmed(text) {
			return book.SetCellFloat(sheetName, cell, n, -1, 64)
		}
	}
	return book.SetCellStr(sheetName, cell, text)
}

// trimmed drops zeros at the end of a decimal number: a number is written as one only where it comes back the same.
func trimmed(text string) string {
	if !bytes.ContainsRune([]byte(text), '.') {
		return text
	}
	return string(bytes.TrimRight(bytes.TrimRight([]byte(text), "0"), "."))
}

// lookOf sets widths, a heading that stays and the format of amounts.
func lookOf(book *excelize.File, rows int) error {
	bold, err := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	money, err := book.NewStyle(&excelize.Style{NumFmt: 4})
	if err != nil {
		return err
	}
	last, err := excelize.ColumnNumberToName(len(columns))
	if err != nil {
		return err
	}
	if err := book.SetCellStyle(sheetName, "A1", last+"1", bold); err != nil {
		return err
	}
	for x, name := range columns {
		letter, err := excelize.ColumnNumberToName(x + 1)
		if err != nil {
			return err
		}
		width := 16.0
		if name == "customer" || name == "subscription" || name == "scope" {
			width = 38
		}
		if err := book.SetColWidth(sheetName, letter, letter, width); err != nil {
			return err
		}
		if rows > 1 && slices.Contains(amounts, name) {
			if err := book.SetCellStyle(sheetName, letter+"2", letter+strconv.Itoa(rows), money); err != nil {
				return err
			}
		}
	}
	return book.SetPanes(sheetName, &excelize.Panes{Freeze: true, XSplit: 1, YSplit: 1, TopLeftCell: "B2", ActivePane: "bottomRight"})
}

// csvOf turns the first sheet of a reviewed workbook into CSV. Formulas count by the value that the spreadsheet kept.
func csvOf(workbook []byte) ([]byte, error) {
	book, err := excelize.OpenReader(bytes.NewReader(workbook), excelize.Options{RawCellValue: true, UnzipSizeLimit: 8 * maxReviewed, UnzipXMLSizeLimit: maxReviewed})
	if err != nil {
		return nil, fmt.Errorf("workbook: %w", err)
	}
	defer book.Close()
	rows, err := book.GetRows(book.GetSheetName(0))
	if err != nil {
		return nil, fmt.Errorf("workbook: %w", err)
	}
	var text bytes.Buffer
	out := csv.NewWriter(&text)
	for _, cells := range rows {
		for len(rows) > 0 && len(cells) < len(rows[0]) {
			cells = append(cells, "") // empty cells at the end are left out
		}
		if err := out.Write(cells); err != nil {
			return nil, err
		}
	}
	out.Flush()
	return text.Bytes(), out.Error()
}
