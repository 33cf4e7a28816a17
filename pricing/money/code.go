package money

import (
	"fmt"
	"strings"
)

// Code is a currency code of ISO 4217 in upper case, such as "USD".
type Code string

// ParseCode reads a currency code of ISO 4217 in either case, blanks around it
// allowed. A code that ISO does not list is ErrCurrency.
func ParseCode(text string) (Code, error) {
	c := Code(strings.ToUpper(strings.TrimSpace(text)))
	if len(c) != 3 || !strings.Contains(codes, string(c)+" ") {
		return "", fmt.Errorf("%q: %w", text, ErrCurrency)
	}
	return c, nil
}

// MinorUnits returns how many decimals amounts of c are paid in: 2 for USD, 0
// for JPY, 3 for KWD. An unknown code has 2.
func (c Code) MinorUnits() int {
	switch c {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF",
		"UGX", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	case "CLF", "UYW":
		return 4
	}
	return 2
}

// codes lists the circulating currencies of ISO 4217, each followed by a blank.
const codes = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND " +
	"BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP " +
	"DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS " +
	"INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL " +
	"LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD " +
	"OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE " +
	"SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UYW " +
	"UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG "
