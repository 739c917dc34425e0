use super::*;

mod kept;

fn fault(text: &str) -> String {
    let config: Config = toml::from_str(text).expect("parses");
    format!("{:#}", config.check().unwrap_err())
}

#[test]
fn timeouts_that_contradict_each_other_are_refused() {
    assert!(fault("[limits]\nvendor_timeout_s = 25\n").contains("vendor_timeout_s < lease_s"));
    assert!(fault("[limits]\nlease_s = 60\n").contains("within 30 s"));
}

#[test]
fn the_mirror_is_refreshed_every_five_minutes_unless_said_otherwise() {
    let every = |text: &str| toml::from_str::<Config>(text).expect("parses").limits.mirror_every();
    assert_eq!(every(""), Some(Duration::from_secs(300)));
    assert_eq!(every("[limits]\nmirror_every_s = 0\n"), None);
    assert!(fault("[limits]\nmirror_every_s = 5\n").contains("allowed: 10 to 86400, or 0 for never"));
}

#[test]
fn a_trial_carries_no_calls_and_looks_within_two_weeks() {
    let carried = format!("shadow = true\n[http]\npublic_url = \"https://baton.example\"\n[telephony]\n{TWILIO}");
    assert!(fault(&carried).contains("nobody would serve whoever is on the line"));
    assert!(fault("shadow = true\nshadow_look_after = \"15d\"\n").contains("up to 14d"));
    let config: Config = toml::from_str("shadow = true\n").expect("parses");
    assert_eq!((config.check().is_ok(), config.looks_after()), (true, Some(TimeDelta::hours(1))));
    assert_eq!(toml::from_str::<Config>("").expect("parses").looks_after(), None);
}

#[test]
fn a_crm_is_read_back_by_the_minute_unless_it_is_said_otherwise() {
    let crm = |read_back: &str| format!("[crm]\nvendor = \"hubspot\"\nservice_key = \"env:A\"\n{read_back}");
    let config: Config = toml::from_str(&crm("")).expect("parses");
    assert_eq!(config.crm.expect("a CRM").read_back(), Duration::from_secs(60));
    for often in ["5s", "2d"] {
        assert!(fault(&crm(&format!("read_back = \"{often}\""))).contains("allowed: 10s to 1d"), "{often}");
    }
}

#[test]
fn a_relative_database_lies_in_the_workspace_and_no_other_moves() {
    for (url, resolved) in [
        ("sqlite:baton.db", "sqlite:/w s/baton.db"),
        ("sqlite://baton.db", "sqlite:/w s/baton.db"),
        ("sqlite:data/b.db?mode=rw", "sqlite:/w s/data/b.db?mode=rw"),
        ("sqlite:./b.db", "sqlite:/w s/./b.db"),
        ("sqlite:/var/b.db", "sqlite:/var/b.db"),
        ("sqlite:///var/b.db", "sqlite:///var/b.db"),
        ("sqlite::memory:", "sqlite::memory:"),
        ("sqlite://:memory:", "sqlite://:memory:"),
        ("postgres://u@h/d", "postgres://u@h/d"),
    ] {
        assert_eq!(beside(url.to_owned(), Path::new("/w s")), resolved);
    }
    assert_eq!(beside("sqlite:b.db".to_owned(), Path::new("/50% off?")), "sqlite:/50%25 off%3F/b.db");
    assert_eq!(beside("sqlite:b.db".to_owned(), Path::new("")), "sqlite:b.db", "the workspace is where we are");
}

#[test]
fn only_this_machine_is_loopback() {
    let listen = |text: &str| text.parse::<Listen>().expect("somewhere to listen");
    for own in ["127.0.0.1:8080", "127.0.0.53:80", "[::1]:8080", "localhost:8080", "unix:/run/baton/baton.sock"] {
        assert!(listen(own).is_of_this_machine(), "{own}");
        assert_eq!(listen(own).to_string(), own);
    }
    for open in ["0.0.0.0:8080", "[::]:8080", "10.0.0.3:80", "127.0.0.1.example:80", "baton.example:80"] {
        assert!(!listen(open).is_of_this_machine(), "{open}");
    }
    for nowhere in
        ["", "8080", ":8080", "::1:8080", "localhost", "localhost:70000", "http://localhost:80", "unix:", "unix:b.sock"]
    {
        let told =
            toml::from_str::<Config>(&format!("[http]\nlisten = \"{nowhere}\"\n")).expect_err(nowhere).to_string();
        assert!(told.contains("unix:/run/baton/baton.sock"), "{nowhere}: {told}");
    }
}

#[test]
fn links_lead_somewhere_also_where_a_socket_is_listened_on() {
    let mut config: Config = toml::from_str("[feedback]\nlink_secret = \"env:A\"\n").expect("parses");
    let socket: Listen = "unix:/run/baton/baton.sock".parse().expect("somewhere to listen");
    let told = format!("{:#}", config.listen_on(socket.clone()).expect_err("the links lead nowhere"));
    assert!(told.contains("http.public_url") && told.contains("unix:/run/baton"), "{told}");
    config.http.public_url = "https://baton.example".to_owned();
    config.listen_on(socket).expect("reps come through a proxy");
    assert_eq!(config.public_url(), "https://baton.example");
}

#[test]
fn an_address_beyond_this_machine_opens_the_listener_to_others() {
    let key = |text: &str| {
        let config: Config = toml::from_str(text).expect("parses");
        config.open_to_others().map(|(key, _)| key)
    };
    let platform = |url: &str| format!("[platforms.vapi]\nsecrets = [\"env:A\"]\nurl = \"{url}\"\n");
    for own in ["http://127.0.0.1:8080", "https://localhost/desk", "http://[::1]:8080"] {
        assert_eq!(key(&format!("[http]\npublic_url = \"{own}\"\n")), None, "{own}");
        assert_eq!(key(&platform(own)), None, "{own}");
    }
    for open in ["https://baton.example", "http://10.0.0.3", "https://127.0.0.1.example", "https://localhost.example"] {
        let public = key(&format!("[http]\npublic_url = \"{open}\"\n"));
        assert_eq!(public.as_deref(), Some("http.public_url"), "{open}");
        assert_eq!(key(&platform(open)).as_deref(), Some("platforms.vapi.url"), "{open}");
    }
    assert_eq!(key("[http]\nlisten = \"0.0.0.0:8080\"\n").as_deref(), Some("http.listen"));
    assert_eq!(key(""), None);
}

#[test]
fn numbers_that_would_close_the_door_or_end_the_process_are_refused() {
    for (text, why) in [
        ("[http]\nconcurrency = 0\n", "1 to 65536"),
        ("[http]\nbody_limit_kib = 9223372036854775807\n", "1 to 65536"),
        ("[http]\nconnections = 4611686018427387904\n", "2 to 1000000"),
        ("[http]\nconnections = 256\n", "connections > concurrency"),
        ("[feedback]\nlink_days = 4294967295\n", "1 to 3660"),
        ("[feedback]\nlink_days = 0\n", "1 to 3660"),
    ] {
        let told = fault(text);
        assert!(told.contains(why), "{text}: {told}");
    }
}

#[test]
fn a_token_says_what_it_may_do() {
    let config: Config = toml::from_str(
        "[http.tokens]\nvoice = \"env:A\"\nretell = { secret = \"env:B\", scopes = [\"intake\"], source = \"retell\" }\n",
    )
    .expect("parses");
    let (voice, retell) = (&config.http.tokens["voice"], &config.http.tokens["retell"]);
    assert_eq!(
        voice.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
        ["intake", "read", "act", "feedback"]
    );
    assert_eq!((retell.scopes.len(), retell.source.as_deref()), (1, Some("retell")));
    for (text, why) in [
        ("x = { secret = \"env:B\", scopes = [\"write\"] }", "expected one of `intake`"),
        ("x = { secret = \"env:B\" }", "missing field `scopes`"),
        ("x = { secret = \"env:B\", scopes = [\"read\"], sources = \"a\" }", "unknown field `sources`"),
        ("x = 3", "\"env:NAME\""),
    ] {
        let told = toml::from_str::<Config>(&format!("[http.tokens]\n{text}\n")).expect_err(text).to_string();
        assert!(told.contains(why), "{text}: {told}");
    }
    assert!(fault("[http.tokens]\nx = { secret = \"env:B\", scopes = [] }\n").contains("has no scope"));
    assert!(
        fault("[http.tokens]\nx = { secret = \"env:B\", scopes = [\"intake\"], source = \" \" }\n").contains("source")
    );
}

/// A config in which every secret there is comes from files of this folder.
fn full(folder: &Path, crm: &str) -> Config {
    let file = |name: &str| format!("\"file:{}\"", folder.join(name).display());
    let text = format!(
        "[http]\ntokens = {{ voice = {token} }}\n[feedback]\nlink_secret = {link}\n[slack]\nbot_token = {slack}\n\
         app_token = {slack}\nsigning_secret = {platform}\n\
         [mail]\nhost = \"h\"\nport = 25\nfrom = \"a@b.example\"\nusername = \"u\"\npassword = {mail}\n\
         [sms]\nvendor = \"twilio\"\naccount = \"AC\"\nkey = {texts}\n[teams]\nwebhook = {slack}\n\
         [calendar]\nclient_email = \"c\"\nprivate_key = {calendar}\n[amqp]\nurl = {amqp}\n\
         [telephony]\nmode = \"agent\"\ncommands = \"http://v\"\ntoken = {voice}\n[database]\nurl = {database}\n\
         [speech]\nurl = \"http://s/v1/audio/speech\"\nmodel = \"m\"\nvoice = \"v\"\ntoken = {engine}\n\
         [platforms.vapi]\nsecrets = [{platform}]\napi_key = {speaking}\n[[webhooks]]\nname = \"crm\"\nurl = {address}\n\
         secrets = [{webhook}]\n[crm]\n{crm}",
        token = file("token"),
        link = file("link"),
        slack = file("slack"),
        mail = file("mail"),
        texts = file("texts"),
        calendar = file("calendar"),
        amqp = file("amqp"),
        voice = file("voice"),
        engine = file("engine"),
        database = file("database"),
        platform = file("platform"),
        address = file("address"),
        webhook = file("webhook"),
        speaking = file("speaking"),
        crm = crm.replace("FILE:", &format!("file:{}/", folder.display())),
    );
    toml::from_str(&text).expect("parses")
}

const CRMS: [&str; 3] = [
    "vendor = \"hubspot\"\nservice_key = \"FILE:key\"\n",
    "vendor = \"salesforce\"\nbase_url = \"http://s\"\nauth = { flow = \"client_credentials\", client_id = \"FILE:id\", client_secret = \"FILE:key\" }\n",
    "vendor = \"salesforce\"\nbase_url = \"http://s\"\nauth = { flow = \"jwt_bearer\", consumer_key = \"FILE:id\", username = \"u\", private_key = \"FILE:key\" }\n",
];

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("a secret");
}

#[test]
fn every_secret_that_is_empty_blank_or_invisible_is_refused_at_once_and_by_name() {
    const NAMES: [&str; 16] = [
        "token", "link", "slack", "mail", "texts", "calendar", "amqp", "voice", "database", "platform", "speaking",
        "address", "webhook", "key", "id", "engine",
    ];
    let folder = tempfile::tempdir().expect("a folder");
    for crm in CRMS {
        let config = full(folder.path(), crm);
        NAMES.iter().for_each(|name| write(folder.path(), name, &format!("a good long secret for {name}\n")));
        config.check_secrets().expect("all are good");
        for blank in ["", "\n", " \t \r\n", "\u{feff}\n", "\u{200b}\u{200b}", "\u{a0}", "\0\0"] {
            NAMES.iter().for_each(|name| write(folder.path(), name, blank));
            let told = config.check_secrets().expect_err("nothing is in them").to_string();
            let asked = config.references();
            assert_eq!(told.lines().count(), asked.len(), "{blank:?}: {told}");
            for (name, reference, _) in asked {
                let path = reference.0.trim_start_matches("file:");
                let line = told.lines().find(|line| line.contains(&format!("resolving {name}: ")));
                let line = line.unwrap_or_else(|| panic!("{name} is not told: {told}"));
                assert!(line.contains(path) && line.contains("nothing is in it; allowed:"), "{line}");
            }
        }
    }
}

#[test]
fn short_secrets_of_ours_are_refused_and_never_shown_and_each_is_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = full(folder.path(), CRMS[0]);
    for name in
        ["slack", "mail", "texts", "calendar", "amqp", "voice", "database", "speaking", "address", "key", "engine"]
    {
        write(folder.path(), name, "x");
    }
    write(folder.path(), "token", "hunter2\n");
    write(folder.path(), "link", "fifteen letters\n");
    write(folder.path(), "platform", "twelve of it");
    write(folder.path(), "webhook", "whsec_x");
    let told = config.check_secrets().expect_err("five can be guessed").to_string();
    assert_eq!(told.lines().count(), 5, "what others gave us may be short: {told}");
    for part in [
        "http.tokens.voice",
        "has 7 characters",
        "feedback.link_secret",
        "has 15 characters",
        "platforms.vapi.secrets",
        "slack.signing_secret",
        "has 12 characters",
        "webhooks.crm.secrets",
        "openssl rand",
    ] {
        assert!(told.contains(part), "{told}");
    }
    assert!(!told.contains("hunter2") && !told.contains("fifteen letters"), "{told}");
    write(folder.path(), "token", "sixteen letters!");
    write(folder.path(), "link", "\u{feff}sixteen letters!\r\n");
    write(folder.path(), "platform", "sixteen letters too");
    write(folder.path(), "webhook", "sixteen letters as well");
    let told = config.check_secrets().expect_err("one secret for two doors").to_string();
    assert!(told.contains("is the same secret as"), "{told}");
}

#[test]
fn a_login_is_whole_or_not_there() {
    let mail = "[mail]\nhost = \"h\"\nport = 25\nfrom = \"a@b.example\"\n";
    assert!(fault(&format!("{mail}username = \"u\"\n")).contains("belong together"));
    assert!(fault(&format!("{mail}password = \"env:P\"\n")).contains("belong together"));
}

#[test]
fn unknown_keys_are_named_with_their_line() {
    let error = toml::from_str::<Config>("[http]\nlisten = \"127.0.0.1:1\"\nlissen = 3\n").unwrap_err().to_string();
    assert!(error.contains("line 3") && error.contains("lissen"), "{error}");
}

#[test]
fn secrets_in_the_file_are_refused_and_never_shown() {
    let secret = Reference("hunter2".to_owned());
    assert!(!format!("{:#}", secret.secret("slack.bot_token").unwrap_err()).contains("hunter2"));
    assert_eq!(format!("{secret:?}"), "(set)");
}

#[test]
fn a_platform_has_secrets_and_an_address_that_can_be_signed() {
    for (text, why) in [
        ("secrets = []", "platforms.vapi.secrets is empty"),
        ("secrets = [\"env:A\"]\nurl = \"baton.example\"", "platforms.vapi.url is \"baton.example\""),
        ("secrets = [\"env:A\"]\nurl = \"https://baton.example?a=b\"", "without a query"),
    ] {
        let told = fault(&format!("[platforms.vapi]\n{text}\n"));
        assert!(told.contains(why), "{text}: {told}");
    }
    let told = toml::from_str::<Config>("[platforms.vapi]\nsecret = \"env:A\"\n").expect_err("a slip").to_string();
    assert!(told.contains("unknown field `secret`"), "{told}");
}

#[test]
fn a_webhook_has_a_name_secrets_topics_that_there_are_and_an_address_that_is_encrypted() {
    let webhook = |text: &str| format!("[[webhooks]]\nname = \"crm\"\n{text}\n");
    let url = "url = \"https://hooks.example/x\"";
    let secrets = "secrets = [\"env:A\"]";
    let good = webhook(&format!("{url}\n{secrets}\ntopics = [\"lead.routed\", \"callback.breached\"]"));
    let config: Config = toml::from_str(&good).expect("parses");
    config.check().expect("it is sound");
    assert_eq!(config.webhooks[0].timeout(), Duration::from_secs(15));
    assert!(fault(&format!("{good}{good}")).contains("two webhooks are called \"crm\""));
    assert!(fault(&good.replace("\"crm\"", "\"Crm Sync\"")).contains("up to 40 of a-z, 0-9, - and _"));
    for (text, why) in [
        (format!("{url}\nsecrets = []"), "webhooks.crm.secrets is empty"),
        (format!("{url}\n{secrets}\ntopics = []"), "leave the key out for all"),
        (format!("{url}\n{secrets}\ntimeout_s = 31"), "webhooks.crm.timeout_s is 31; allowed: 1 to 30"),
        (format!("url = \"hooks.example\"\n{secrets}"), "webhooks.crm.url is \"hooks.example\"; allowed: an address"),
        (format!("url = \"https://u:p@hooks.example\"\n{secrets}"), "without a login"),
        (format!("url = \"http://127.0.0.1:9/x\"\n{secrets}"), "allowed: https://, or allow_private = true"),
        (
            format!("url = \"ftp://hooks.example\"\n{secrets}\nallow_private = true"),
            "such as https://hooks.example/baton",
        ),
    ] {
        let told = fault(&webhook(&text));
        assert!(told.contains(why), "{text}: {told}");
    }
    let inside = webhook(&format!("url = \"http://127.0.0.1:9/x\"\n{secrets}\nallow_private = true"));
    toml::from_str::<Config>(&inside).expect("parses").check().expect("somebody has said so");
    let slip = webhook(&format!("{url}\n{secrets}\ntopics = [\"lead.route\"]"));
    let told = toml::from_str::<Config>(&slip).expect_err("a slip").to_string();
    assert!(told.contains("unknown variant `lead.route`") && told.contains("`lead.routed`"), "{told}");
}

const TWILIO: &str = "mode = \"bridge\"\ncarrier = \"twilio\"\naccount = \"AC00000000000000000000000000000001\"\n\
                      key = \"env:KEY\"\ncaller_id = \"+15551230000\"\n";

#[test]
fn a_carrier_has_an_account_a_number_and_an_address_at_which_it_asks_us() {
    let config = |more: &str| {
        let text = format!("[http]\npublic_url = \"https://baton.example\"\n[telephony]\n{TWILIO}{more}");
        toml::from_str::<Config>(&text)
    };
    let more = "auth_tokens = [\"env:A\", \"env:B\"]\nshared_keys = { key_1 = \"env:C\" }\n\
                fallback = \"https://handler.twilio.com/twiml/EH01\"\n";
    let whole = config(more).expect("parses");
    whole.check().expect("it is whole");
    let Some(Telephony::Bridge(Carrier::Twilio(twilio))) = &whole.telephony else { panic!("{:?}", whole.telephony) };
    assert_eq!((twilio.base_url.as_str(), twilio.calls_per_second), ("https://api.twilio.com", 1));
    let named: Vec<String> = whole.references().into_iter().map(|(name, ..)| name).collect();
    for name in ["telephony.key", "telephony.auth_tokens", "telephony.shared_keys.key_1"] {
        assert!(named.iter().any(|known| known == name), "{name}: {named:?}");
    }
    for agent in
        ["+14155550190", "sip:agent@voice.example", "sips:agent@voice.example:5061", "https://voice.example/in?id=1"]
    {
        config(&format!("agent = \"{agent}\"\n")).expect("parses").check().expect(agent);
    }
    for (more, why) in [
        ("agent = \"PJSIP/agent\"\n", "allowed: a number such as +14155550190, a SIP address such as sip:"),
        ("agent = \"sip:agent\"\n", "telephony.agent is \"sip:agent\"; allowed"),
        ("agent = \"sip:agent@voice.example?x=1\"\n", "or leave it out"),
        ("agent_within = \"5m\"\n", "telephony.agent_within is 300 s; allowed: up to 120 s"),
    ] {
        let told = format!("{:#}", config(more).expect("parses").check().expect_err(more));
        assert!(told.contains(why), "{more}: {told}");
    }
    for (more, why) in [
        ("calls_per_second = 0\n", "allowed: 1 to 1000"),
        ("calls_per_second = 9999\n", "1 to 1000"),
        ("fallback = \"people\"\n", "telephony.fallback is \"people\"; allowed: where Twilio finds a document"),
        (
            "fallback = \"https://baton.example/v1/people\"\n",
            "which a worker would have to answer; allowed: a document",
        ),
    ] {
        let told = format!("{:#}", config(more).expect("parses").check().expect_err(more));
        assert!(told.contains(why), "{more}: {told}");
    }
    assert!(fault(&format!("[telephony]\n{TWILIO}")).contains("http.public_url is not set"));
    let account = TWILIO.replace("AC0", "SK0");
    let public = "[http]\npublic_url = \"https://baton.example\"\n";
    assert!(fault(&format!("{public}[telephony]\n{account}")).contains("allowed: AC and 32 hexadecimal digits"));
    for (text, why) in [
        (TWILIO.replace("+1555", "555"), "E.164"),
        (TWILIO.replace("\"twilio\"", "\"twillio\""), "twilio"),
        (format!("{TWILIO}caller = 1\n"), "unknown field `caller`"),
        (TWILIO.replace("key = \"env:KEY\"\n", ""), "missing field `key`"),
    ] {
        let told = toml::from_str::<Config>(&format!("[telephony]\n{text}")).expect_err(&text).to_string();
        assert!(told.contains(why), "{text}: {told}");
    }
}

#[test]
fn a_collector_is_an_address_without_a_login_and_a_share_is_one() {
    let told = |text: &str| fault(&format!("[telemetry]\n{text}\n"));
    assert!(told("traces = \"collector:4318\"").contains("telemetry.traces is \"collector:4318\""));
    let login = told("traces = \"http://me:secret@collector:4318\"");
    assert!(login.contains("an address with a login") && !login.contains("secret"), "{login}");
    assert!(told("sampled = 1.5").contains("telemetry.sampled is 1.5"));
    assert!(told("service_name = \" \"").contains("telemetry.service_name"));
    let config: Config = toml::from_str("[telemetry]\ntraces = \"http://collector:4318\"\n").expect("parses");
    assert_eq!(config.telemetry.traces().expect("an address").as_deref(), Some("http://collector:4318"));
    assert_eq!((config.telemetry.service_name.as_str(), config.telemetry.sampled), ("baton", 1.0));
}
