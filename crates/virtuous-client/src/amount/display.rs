//! The signs around the number of a displayed amount.

/// Returns the digits of a displayed amount, with points and commas, and whether it is negative. `None` if there is
/// anything else than one minus or one pair of brackets and one currency.
pub(super) fn split(text: &str) -> Option<(&str, bool)> {
    let (mut rest, mut is_negative) = (text.trim(), false);
    let (mut has_letters, mut has_symbol) = (false, false);
    let set = |flag: &mut bool| (!std::mem::replace(flag, true)).then_some(());
    loop {
        let first = rest.chars().next()?;
        rest = if first.is_ascii_digit() {
            break;
        } else if is_minus(first) {
            set(&mut is_negative)?;
            rest.strip_prefix(first)?
        } else if let Some(bracket) = closing(first) {
            set(&mut is_negative)?;
            rest.strip_prefix(first)?.strip_suffix(bracket)?.trim_end()
        } else if is_currency_symbol(first) && !is_cent(first) {
            set(&mut has_symbol)?;
            rest.strip_prefix(first)?
        } else {
            let after = rest.trim_start_matches(is_letter);
            let word = rest.strip_suffix(after)?;
            set(&mut has_letters)?;
            let is_next_to_symbol = has_symbol || after.trim_start().starts_with(is_currency_symbol);
            (is_currency_word(word) || (is_next_to_symbol && is_country(word))).then_some(after)?
        }
        .trim_start();
    }
    loop {
        let last = rest.chars().next_back()?;
        if last.is_ascii_digit() {
            break;
        }
        // `5k` is five thousand; `5 USD` and `5 kr` are five.
        if is_letter(last) {
            let before = rest.trim_end_matches(is_letter);
            set(&mut has_letters)?;
            is_currency_word(rest.strip_prefix(before)?).then_some(())?;
            rest = before.trim_end();
            continue;
        }
        if is_minus(last) {
            set(&mut is_negative)?;
        } else if is_currency_symbol(last) && !is_cent(last) {
            set(&mut has_symbol)?;
        } else {
            return None;
        }
        rest = rest.strip_suffix(last)?.trim_end();
    }
    let is_number = rest.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','));
    is_number.then_some((rest, is_negative))
}

/// Whether a symbol divides the number: `50¢` is half a dollar.
fn is_cent(symbol: char) -> bool {
    matches!(symbol, '¢' | '￠')
}

/// Whether letters next to a currency symbol name its country, as in `US$5`. `DR$5` says that the amount is owed, and `M€5`
/// that it counts millions.
fn is_country(letters: &str) -> bool {
    const COUNTRIES: &str =
        "A AR AU BD BR BZ C CA CL CN CO EC FJ G GH HK J JP L MX N NT NZ R RD S SG TT US Z";

    COUNTRIES.split(' ').any(|country| country == letters)
}

/// Whether letters are a code of ISO 4217 or a currency's usual abbreviation. Others multiply or qualify the number.
fn is_currency_word(letters: &str) -> bool {
    const CODES: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD \
        CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD \
        HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD \
        MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG \
        QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD \
        TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

    CODES.split(' ').any(|code| code == letters)
        || matches!(letters, "kr" | "zł" | "Kč" | "Ft" | "Fr" | "KSh" | "RM" | "Rp" | "Rs")
}

/// Returns whether a character is a dash or a minus sign.
fn is_minus(character: char) -> bool {
    matches!(
        character,
        '-' | '\u{2010}'
            ..='\u{2015}'
                | '\u{2212}'
                | '\u{207b}'
                | '\u{208b}'
                | '\u{2043}'
                | '\u{2796}'
                | '\u{2e3a}'
                | '\u{2e3b}'
                | '\u{301c}'
                | '\u{3030}'
                | '\u{fe31}'
                | '\u{fe32}'
                | '\u{fe58}'
                | '\u{fe63}'
                | '\u{ff0d}'
                | '\u{2d7}'
    )
}

/// Returns whether a character is a letter of an alphabet in which currencies are abbreviated: Latin, Greek, Cyrillic.
/// Letters of other scripts include some that look like a minus sign, such as U+30FC.
fn is_letter(character: char) -> bool {
    character.is_alphabetic()
        && matches!(character, '\0'..='\u{24f}' | '\u{370}'..='\u{52f}' | '\u{1e00}'..='\u{1fff}')
}

/// Returns the closing bracket of an opening one.
fn closing(character: char) -> Option<char> {
    Some(match character {
        '(' => ')',
        '（' => '）',
        '﹙' => '﹚',
        '⁽' => '⁾',
        _ => return None,
    })
}

/// Returns whether a character is in the general category Sc of Unicode 17.
fn is_currency_symbol(character: char) -> bool {
    matches!(
        character,
        '$' | '¢'..='¥' | '\u{58f}' | '\u{60b}' | '\u{7fe}' | '\u{7ff}' | '\u{9f2}' | '\u{9f3}' | '\u{9fb}' | '\u{af1}'
            | '\u{bf9}' | '\u{e3f}' | '\u{17db}' | '\u{20a0}'..='\u{20c1}' | '\u{a838}' | '\u{fdfc}' | '\u{fe69}'
            | '\u{ff04}' | '\u{ffe0}' | '\u{ffe1}' | '\u{ffe5}' | '\u{ffe6}' | '\u{11fdd}'..='\u{11fe0}' | '\u{1e2ff}'
            | '\u{1ecb0}'
    )
}

#[cfg(test)]
mod tests {
    use crate::amount::Amount;

    #[test]
    fn a_minus_is_a_minus_in_every_form_and_place() {
        let ascii = ['-'].into_iter();
        let dashes =
            ('\u{2010}'..='\u{2015}').chain(['\u{2212}', '\u{fe58}', '\u{fe63}', '\u{ff0d}', '\u{207b}']);
        for minus in ascii.chain(dashes) {
            for text in [
                format!("{minus}$1,000.50"),
                format!("${minus}1,000.50"),
                format!("$1,000.50{minus}"),
                format!("{minus} $ 1,000.50"),
                format!("{minus}\u{a0}CA$1,000.50"),
                format!("{minus}1,000.50\u{202f}€"),
                format!("{minus}1,000.50"),
                format!("{minus}1,000.50 EUR"),
                format!("1,000.50{minus} EUR"),
                format!("{minus}USD\u{2009}1,000.50"),
            ] {
                assert_eq!(Amount::from_display(&text), Some(Amount::new(-100_050, 2)), "{text:?}");
                let json = serde_json::to_string(&text).unwrap();
                assert_eq!(
                    serde_json::from_str::<Amount>(&json).unwrap(),
                    Amount::new(-100_050, 2),
                    "{text:?}"
                );
            }
            for text in [
                format!("{minus}({minus}3)"),
                format!("{minus}{minus}3"),
                format!("{minus}3{minus}"),
                format!("1{minus}1"),
                format!("{minus}"),
                format!("{minus}$"),
            ] {
                assert_eq!(Amount::from_display(&text), None, "{text:?}");
            }
        }
    }

    #[test]
    fn brackets_come_in_pairs() {
        for text in ["(3)", "($3)", "$(3)", "（3）", "﹙$3﹚", "⁽3⁾", "( $3 )", "USD (3)"] {
            assert_eq!(Amount::from_display(text), Some(Amount::from(-3)), "{text}");
        }
        for text in ["(3", "3)", "($3", "$3)", "（3)", "((3))", "(3)(", "[3]", "()", "($)", "-(3)", "(3)-"] {
            assert_eq!(Amount::from_display(text), None, "{text}");
        }
    }

    #[test]
    fn a_currency_is_letters_or_a_currency_symbol_and_nothing_else_is() {
        for text in [
            "€5",
            "5 €",
            "US$5",
            "CA$ 5",
            "$US5",
            "USD 5",
            "kr 5",
            "Rs5",
            "EC$5",
            "GH₵5",
            "RM5",
            "Rp 5",
            "KSh 5",
            "A$5",
            "NT$ 5",
            "zł5",
            "₹5",
            "₿5",
            "﷼5",
            "＄5",
            "￥5",
            "𞲰5",
            "US $5",
            "5 USD",
            "5USD",
            "5\u{a0}kr",
            "$5 USD",
            "5 €",
            "5 zł",
        ] {
            assert_eq!(Amount::from_display(text), Some(Amount::from(5)), "{text}");
        }
        for text in [
            "*5",
            "#5",
            "+5",
            "~5",
            "~$5",
            "≈5",
            "<5",
            ">$5",
            "±5",
            "%5",
            "5%",
            "~-5",
            "'5",
            "\"5\"",
            "$$5",
            "$€5",
            "$5$",
            "5k",
            "$5k",
            "5M",
            "50¢",
            "$5e3",
            "5 USD 6",
            "USD 5 USD",
            "5 MIO",
            "5 mil",
            "5 usd",
            "5 CR",
            "5 K",
            "CR 5",
            "DR$5",
            "neg 5",
            "OD 5",
            "DUE$5",
            "D 5",
            "S 5",
            "mil 5",
            "mil $5",
            "MRD 5",
            "TSD 5",
            "тыс 5",
            "ABC 5",
            "min 5",
            "5 percent",
            "0,500",
            "00,500",
            "1,000,00",
            "1,,000",
            "1.000,50",
            "1.000.000",
            "\u{200e}$5",
            "Total 5",
            "Unavailable 3",
            "$ five",
            "$1 000",
            "$1'000",
            "٣",
            "$３",
            "5\u{338}",
            "\u{200e}-5x",
            "\u{30fc}5",
            "\u{ff70}5",
            "\u{4e00}5",
            "\u{3161}5",
            "\u{2cba}5",
            "\u{1428}5",
            "\u{6d4}5",
            "\u{2500}5",
            "5\u{30fc}",
            "$\u{30fc}5",
            "$5-6",
            "5/6",
            "5:6",
            ".5",
            "5.",
            "$",
            "",
            "−",
        ] {
            assert_eq!(Amount::from_display(text), None, "{text:?}");
        }
    }
}
