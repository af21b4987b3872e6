//! The biller as a program: prints where it listens, and serves until its
//! standard input ends or it is told to terminate.

use sandbox_biller::{Config, Fault, Plan, SandboxBiller};
use std::io::{Read, Write};
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "--help") {
        return report(&help());
    }
    match read_options(&words).and_then(|config| serve(config).map_err(|cause| cause.to_string())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("sandbox-biller: {why}\n\n{}", help());
            ExitCode::FAILURE
        }
    }
}

fn serve(config: Config) -> std::io::Result<()> {
    let biller = SandboxBiller::start(config)?;
    report(&format!("listening on {}\n", biller.url()));
    // Whoever started us holds the other end; when it is gone, so are we.
    std::io::stdin().read_to_end(&mut Vec::new())?;
    biller.shutdown();
    Ok(())
}

fn report(text: &str) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn read_options(words: &[String]) -> Result<Config, String> {
    let mut config = Config::default();
    for pair in words.chunks(2) {
        let [name, value] = pair else { return Err(format!("{} needs a value", pair.concat())) };
        let number = || value.parse::<u32>().map_err(|_| format!("{name} takes a number, not {value}"));
        let millis = || number().map(|millis| Duration::from_millis(u64::from(millis)));
        match name.as_str() {
            "--port" => config.port = value.parse().map_err(|_| format!("{value} is no port"))?,
            "--api-key" => config.api_key.clone_from(value),
            "--secret-key" => config.secret_key.clone_from(value),
            "--webhook-url" => config.webhook_url = Some(value.clone()),
            "--webhook-secret" => config.webhook_secret.clone_from(value),
            "--gateway-key" => config.gateway_key.clone_from(value),
            "--gateway-webhook-url" => config.gateway_webhook_url = Some(value.clone()),
            "--gateway-webhook-secret" => config.gateway_webhook_secret.clone_from(value),
            "--plan" => config.plan = Plan::named(value).ok_or_else(|| format!("there is no plan {value}"))?,
            "--seed" => config.seed = value.parse().map_err(|_| format!("{value} is no seed"))?,
            "--book" => config.book = Some(value.into()),
            "--hang-ms" => config.pace.hang = millis()?,
            "--late-ms" => config.pace.late = millis()?,
            "--polls" => config.pace.polls = number()?,
            "--requery-errors" => config.pace.requery_errors = number()?,
            _ => return Err(format!("there is no option {name}")),
        }
    }
    Ok(config)
}

fn help() -> String {
    let faults: String = Fault::ALL.iter().map(|(_, name, meaning)| format!("  {name:<16} {meaning}\n")).collect();
    format!("{OPTIONS}\nfaults, chosen by a customer reference such as 45700000001-decline, or by the plan:\n{faults}")
}

const OPTIONS: &str = "\
sandbox-biller: a bill aggregator and a payment gateway on loopback that misbehave on request

  --port N              port on 127.0.0.1; 0, the default, takes a free one
  --api-key K           --secret-key S      what callers must send
  --webhook-url URL     --webhook-secret W  where webhooks go, and their signature
  --gateway-key K       --gateway-webhook-url URL     --gateway-webhook-secret W
                        the same for the payment gateway in this process
  --plan NAME           reliable, mixed or hostile     --seed N
  --book PATH           appends what really happened as JSON lines
  --hang-ms N --late-ms N --polls N --requery-errors N

serves until standard input ends
";
