//! Programs of a shell's few words: what they print is fixed, so that nothing has to be installed.

use super::*;
use std::path::Path;

/// A WAV of 8 bits at 8,000 samples a second, without an end, in the words of `printf`: what follows it is heard as it is.
const HEAD: &str = r"printf 'RIFF\377\377\377\377WAVEfmt \020\000\000\000\001\000\001\000\100\037\000\000\100\037\000\000\001\000\010\000data\377\377\377\377'";

fn shell(script: &str, within: Duration) -> ProgramSpeech {
    ProgramSpeech::new("sh".to_owned(), vec!["-c".to_owned(), script.to_owned()], within)
}

fn says(script: &str) -> ProgramSpeech {
    shell(script, Duration::from_secs(20))
}

/// What was printed after the head.
fn heard(sound: &Sound) -> Vec<u8> {
    sound.samples.iter().map(|sample| u8::try_from(sample / 256 + 128).expect("it was a byte")).collect()
}

async fn fault(speech: &ProgramSpeech, words: &str) -> VendorError {
    speech.speak(words, "en").await.expect_err("nothing can be heard")
}

#[tokio::test]
async fn words_go_in_on_one_line_without_what_cannot_be_said_and_come_out_as_sound() {
    let echo = says(&format!("{HEAD}; cat"));
    let sound =
        echo.speak(" Dana\u{7}\u{0} of\r\nNorthwind\u{202e}\t\u{2028}'$(rm -r /)' ", "en").await.expect("it speaks");
    assert_eq!(heard(&sound), b"Dana of Northwind '$(rm -r /)'\n");
}

/// A name of a file, an option and its value: whatever an argument is.
#[tokio::test]
async fn an_argument_says_in_which_language_the_words_are() {
    let script = format!("{HEAD}; printf '%s ' \"$@\"");
    let arguments = ["-c", script.as_str(), "sh", "-v", "{language}", "voices/{language}.bin"];
    let arguments = arguments.into_iter().map(str::to_owned).collect();
    let program = ProgramSpeech::new("sh".to_owned(), arguments, Duration::from_secs(20));
    for language in ["de", "en"] {
        let sound = program.speak("Hello", language).await.expect("it speaks");
        let said = String::from_utf8(heard(&sound)).expect("text");
        assert_eq!(said, format!("-v {language} voices/{language}.bin "));
    }
}

#[tokio::test]
async fn a_sound_of_another_rate_is_brought_to_the_telephones() {
    // The same head for 16 bits at 16,000 samples a second, and a hundredth of a second of silence.
    let head = HEAD.replace(r"\100\037", r"\200\076").replace(r"\001\000\010\000", r"\002\000\020\000");
    let sound = says(&format!("{head}; head -c 320 /dev/zero")).speak("Hello", "en").await.expect("it speaks");
    assert_eq!(sound.samples, [0; 80]);
}

#[tokio::test]
async fn who_reads_no_words_and_complains_at_length_is_heard_all_the_same() {
    let deaf = says(&format!("head -c 300000 /dev/zero >&2 && {HEAD} && printf ok"));
    assert_eq!(heard(&deaf.speak(&"word ".repeat(60_000), "en").await.expect("it speaks")), b"ok");
}

#[tokio::test]
async fn a_program_that_is_not_there_or_fails_or_prints_no_sound_needs_a_person() {
    let missing = ProgramSpeech::new("no-such-voice".to_owned(), Vec::new(), Duration::from_secs(20));
    for (speech, why) in [
        (missing, "speech.program is \"no-such-voice\", which cannot be run (No such file"),
        (
            says("exit 3"),
            "\"sh\" ended with exit status: 3; allowed: a speech.program that reads words and prints one WAV",
        ),
        (says("kill -9 $$"), "\"sh\" ended with signal: 9"),
        (says("true"), "\"sh\" printed nothing; allowed: one WAV with PCM"),
        (says("echo Usage: voice >&2"), "\"sh\" and said \"Usage: voice\" printed nothing; allowed"),
        (says("cat"), "\"sh\" printed 6 bytes that are no WAV; allowed"),
    ] {
        let error = fault(&speech, "Hello").await;
        assert!(error.class() == "needs_person" && error.to_string().contains(why), "{error}");
    }
}

#[tokio::test]
async fn a_complaint_is_its_last_line_without_the_words() {
    let speech =
        says("echo Reading >&2; read -r words; echo \"no voice for: $words; nor for dana.\" >&2; echo >&2; exit 1");
    let told = fault(&speech, "Dana Whitfield, +14155550142").await.to_string();
    assert!(told.contains("and said \"no voice for: … …, +…; nor for ….\"; allowed"), "{told}");
    let long = fault(&says("head -c 100000 /dev/zero | tr '\\0' x >&2; exit 1"), "Hello").await.to_string();
    assert!(long.contains(&"x".repeat(200)) && !long.contains(&"x".repeat(201)), "{long}");
}

/// However late it began.
#[tokio::test]
async fn a_slow_program_is_killed_with_all_that_it_has_started_and_may_be_tried_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let written = folder.path().join("written");
    let lives = writes_on(&written);
    let error = fault(&shell(&format!("({lives}) & {lives}"), Duration::from_secs(1)), "Hello").await;
    assert!(error.class() == "retry" && error.to_string().contains("not spoken within 1 s (speech.within)"), "{error}");
    nobody_writes(&written).await;
}

#[tokio::test]
async fn a_program_that_is_not_waited_for_any_more_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let written = folder.path().join("written");
    let speech = says(&writes_on(&written));
    let has_begun = async {
        while lines(&written).is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        spoken = speech.speak("Hello", "en") => panic!("it is not ready: {spoken:?}"),
        () = has_begun => {}
    }
    nobody_writes(&written).await;
}

#[tokio::test]
async fn a_program_that_prints_without_end_is_ended() {
    let error = fault(&says(&format!("{HEAD}; cat /dev/zero")), "Hello").await;
    assert!(error.class() == "needs_person" && error.to_string().contains("more than 8388608 bytes"), "{error}");
}

#[tokio::test]
async fn no_more_than_so_many_speak_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let written = folder.path().join("written");
    let script = format!("echo + >> '{0}'; sleep 0.2; echo - >> '{0}'; {HEAD}; printf ok", written.display());
    let speech = says(&script);
    let spoken = futures_util::future::join_all((0..3 * AT_ONCE).map(|_| speech.speak("Hello", "en"))).await;
    assert!(spoken.iter().all(Result::is_ok), "{spoken:?}");
    let most = lines(&written).into_iter().scan(0_usize, |running, line| {
        *running = if line == "+" { *running + 1 } else { *running - 1 };
        Some(*running)
    });
    assert!(most.max().is_some_and(|most| most <= AT_ONCE), "{:?}", lines(&written));
}

fn writes_on(file: &Path) -> String {
    format!("while echo alive >> '{}'; do sleep 0.1; done", file.display())
}

/// Whoever lives on writes ten times a second.
async fn nobody_writes(file: &Path) {
    tokio::time::sleep(Duration::from_millis(300)).await;
    let so_far = lines(file).len();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(lines(file).len(), so_far, "somebody lives on");
}

fn lines(file: &Path) -> Vec<String> {
    std::fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
}
