//! `sandbox --script`: plays a whole conversation by itself and prints it. It fails at the first step that does not
//! succeed.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use secrecy::SecretString;
use serde_json::json;
use simulators::{CustomerFile, Direction, Message, Timings, seed};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::app::Database;
use crate::cli::answer::Form;
use crate::cli::sandbox::Sandbox;

/// Longest wait for one step. GHL's "not yet" takes about ten seconds of it; a slow machine may need the rest.
const PATIENCE: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_millis(50);
/// The smallest possible picture: one transparent dot.
const PICTURE: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x01D\0;";
/// How long the script waits to see that nothing happens.
const WATCH: Duration = Duration::from_secs(2);

/// Plays the conversation in the `named` database or a private PostgreSQL, where nothing remains. Exit code 0 if every
/// step succeeded, else 1.
///
/// # Errors
/// When the sandbox cannot start; the error says what to do.
#[allow(clippy::print_stderr, reason = "the verdict belongs to the terminal")]
pub(in crate::cli) async fn play_script(
    named: Option<&SecretString>,
    form: Form,
) -> anyhow::Result<ExitCode> {
    let database = Database::open_script(named).await?;
    say(form, "Setup", &format!("the tables are in {database}"));
    let pool = database.migrated_pool().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let stop = CancellationToken::new();
    let sandbox = Sandbox::start(listener, pool.clone(), Timings::default(), stop.clone())?;
    let verdict = play(&sandbox, form).await;
    stop.cancel();
    sandbox.running.await??;
    database.close(pool).await?;
    match verdict {
        Ok(()) => {
            say(form, "", "The whole conversation went as it should.");
            Ok(ExitCode::SUCCESS)
        }
        Err(error) if form == Form::Json => Err(error),
        Err(error) => {
            eprintln!("\nFAILED: {error:#}");
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn play(sandbox: &Sandbox, form: Form) -> anyhow::Result<()> {
    let script = Script { sandbox, form };
    sandbox.install_and_connect().await?;
    say(
        form,
        "Setup",
        &format!(
            "{} has installed the app and connected +{}",
            seed::LOCATION_NAME,
            seed::NUMBER
        ),
    );
    let greeting = script.business_writes().await?;
    script.customer_answers().await?;
    script.customer_sends_a_picture().await?;
    script.stranger_writes().await?;
    script.wrong_number_fails().await?;
    script.redelivery_changes_nothing(&greeting).await?;
    script.a_stop_is_heard().await
}

struct Script<'a> {
    sandbox: &'a Sandbox,
    form: Form,
}

impl Script<'_> {
    async fn business_writes(&self) -> anyhow::Result<String> {
        let (contact, name, phone) = seed::AISYAH;
        let text = "Selamat datang! Pesanan anda telah diterima. 🎉";
        let id = self.send(contact, name, text)?;
        self.until("the message is on the customer's phone", || {
            self.copies_on_phone(phone, text) == 1
        })
        .await?;
        self.say("WhatsApp", &format!("{name}'s phone shows: {text}"));
        self.status(&id, "delivered", "✓✓").await?;
        self.sandbox.simulation.waapify.customer_reads(phone).await;
        self.say("WhatsApp", &format!("{name} reads it"));
        self.status(&id, "read", "✓✓ (blue)").await?;
        Ok(id)
    }

    async fn customer_answers(&self) -> anyhow::Result<()> {
        let (contact, name, phone) = seed::AISYAH;
        self.write(phone, name, "Terima kasih! Bila sampai?").await;
        self.reply(contact, name, "Terima kasih! Bila sampai?")
            .await
    }

    async fn customer_sends_a_picture(&self) -> anyhow::Result<()> {
        let (contact, name, phone) = seed::AISYAH;
        let simulation = &self.sandbox.simulation;
        let picture = CustomerFile {
            kind: "image",
            bytes: PICTURE,
            mimetype: "image/gif",
            name: None,
            caption: Some("Macam ni?"),
        };
        self.say("WhatsApp", &format!("{name} sends a picture: Macam ni?"));
        simulation
            .waapify
            .customer_sends_file(phone, name, &picture)
            .await;
        let has_picture = || {
            let messages = simulation.ghl.messages_with(contact);
            messages
                .iter()
                .any(|m| m.text.contains("Macam ni?") && m.attachments.len() == 1)
        };
        self.until("the picture is in the conversation", has_picture)
            .await?;
        let uploads = simulation.ghl.uploads();
        if !uploads.iter().any(|upload| upload.bytes == PICTURE) {
            bail!("GHL has another picture than the customer sent");
        }
        self.say(
            "GHL",
            &format!("the conversation with {name} shows the picture, decrypted"),
        );
        Ok(())
    }

    /// GHL does not know the sender: a contact is made, with the WhatsApp name.
    async fn stranger_writes(&self) -> anyhow::Result<()> {
        let (name, phone) = seed::STRANGER;
        self.write(phone, name, "Hi, kedai buka hari Ahad?").await;
        let find = || {
            let contacts = self.sandbox.simulation.ghl.contacts(seed::LOCATION_ID);
            contacts
                .into_iter()
                .find(|contact| contact.phone.as_deref() == Some(phone))
        };
        self.until("GHL has the new contact", || find().is_some())
            .await?;
        let Some(contact) = find() else {
            bail!("the new contact is gone")
        };
        if contact.name != name {
            bail!("the new contact is called {}, not {name}", contact.name);
        }
        self.say("GHL", &format!("a new contact: {name}"));
        self.reply(&contact.id, name, "Hi, kedai buka hari Ahad?")
            .await
    }

    async fn wrong_number_fails(&self) -> anyhow::Result<()> {
        let (contact, name, _) = seed::NOMBOR_SALAH;
        let id = self.send(contact, name, "Ada apa-apa soalan?")?;
        self.status(&id, "failed", "!").await?;
        let error = self.message(&id)?.error;
        let told = |field| Some(error.as_ref()?[field].as_str()?.to_owned());
        let (code, reason) = (told("code"), told("message").unwrap_or_default());
        if code.as_deref() != Some("invalid_phone") || reason.is_empty() {
            bail!("the reason does not help: {code:?}, {reason:?}");
        }
        self.say("GHL", &format!("the reason: {reason}"));
        Ok(())
    }

    async fn redelivery_changes_nothing(&self, id: &str) -> anyhow::Result<()> {
        let (_, _, phone) = seed::AISYAH;
        let text = self.message(id)?.text;
        let answer = self.sandbox.simulation.ghl.redeliver(id).await;
        self.say("GHL", "delivers the first message a second time");
        if answer != Some(200) {
            bail!("the redelivery was answered {answer:?}");
        }
        sleep(WATCH).await;
        let copies = self.copies_on_phone(phone, &text);
        if copies != 1 {
            bail!("the phone shows the message {copies} times");
        }
        self.say("WhatsApp", "the phone still shows it once");
        Ok(())
    }

    /// A customer opts out: GHL knows, a campaign's message that was on its way ends, and START lifts it.
    async fn a_stop_is_heard(&self) -> anyhow::Result<()> {
        let ((contact, name, phone), ghl) = (seed::LIM_WEI, &self.sandbox.simulation.ghl);
        self.write(phone, name, "STOP").await;
        self.until_dnd(contact, "active").await?;
        self.say("GHL", &format!("Do Not Disturb is on at {name}"));
        // GHL would send nothing now: this one left it a moment before.
        let body = json!({
            "contactId": contact, "locationId": seed::LOCATION_ID, "messageId": "sandbox-campaign",
            "type": "SMS", "phone": phone, "message": "Tawaran hari ini!",
        });
        ghl.agent_sends_raw(&body).await;
        self.status("sandbox-campaign", "failed", "!").await?;
        self.write(phone, name, "START").await;
        self.until_dnd(contact, "inactive").await?;
        self.say("GHL", &format!("Do Not Disturb is off at {name}"));
        Ok(())
    }

    async fn until_dnd(&self, contact: &str, status: &str) -> anyhow::Result<()> {
        let ghl = &self.sandbox.simulation.ghl;
        let is_so = || ghl.dnd(contact).is_some_and(|dnd| dnd["status"] == status);
        self.until(&format!("Do Not Disturb is {status}"), is_so)
            .await
    }

    fn send(&self, contact: &str, name: &str, text: &str) -> anyhow::Result<String> {
        self.say("GHL", &format!("{} → {name}: {text}", seed::LOCATION_NAME));
        let sent = self.sandbox.simulation.ghl.agent_sends(contact, text, &[]);
        sent.ok_or_else(|| anyhow::anyhow!("GHL has no contact {name}"))
    }

    async fn write(&self, phone: &str, name: &str, text: &str) {
        self.say("WhatsApp", &format!("{name} writes: {text}"));
        self.sandbox
            .simulation
            .waapify
            .customer_sends(phone, name, text)
            .await;
    }

    async fn reply(&self, contact: &str, name: &str, text: &str) -> anyhow::Result<()> {
        let arrived = || {
            let messages = self.sandbox.simulation.ghl.messages_with(contact);
            messages
                .iter()
                .filter(|m| m.direction == Direction::Inbound && m.text == text)
                .count()
                == 1
        };
        self.until("the reply is in the conversation, once", arrived)
            .await?;
        self.say(
            "GHL",
            &format!("the conversation with {name} shows: {text}"),
        );
        Ok(())
    }

    async fn status(&self, id: &str, status: &str, tick: &str) -> anyhow::Result<()> {
        let reached = || {
            self.message(id)
                .is_ok_and(|message| message.status == status)
        };
        self.until(&format!("GHL shows the message as {status}"), reached)
            .await?;
        self.say("GHL", &format!("{tick} {status}"));
        Ok(())
    }

    fn message(&self, id: &str) -> anyhow::Result<Message> {
        self.sandbox
            .simulation
            .ghl
            .message(id)
            .ok_or_else(|| anyhow::anyhow!("GHL lost the message"))
    }

    fn copies_on_phone(&self, phone: &str, text: &str) -> usize {
        let chat = self.sandbox.simulation.waapify.chat(phone);
        chat.iter()
            .filter(|message| message.from_business && message.text == text)
            .count()
    }

    async fn until(&self, what: &str, came_true: impl Fn() -> bool) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !came_true() {
            if Instant::now() > deadline {
                bail!("did not come true in {} s: {what}", PATIENCE.as_secs());
            }
            if self.sandbox.running.is_finished() {
                bail!("the service ended; it was to come true: {what}");
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    fn say(&self, side: &str, text: &str) {
        say(self.form, side, text);
    }
}

/// Says a step: a line of the transcript, or one JSON object.
#[allow(
    clippy::print_stdout,
    reason = "the transcript is the command's answer"
)]
fn say(form: Form, side: &str, text: &str) {
    match form {
        Form::Text => println!("{side:>9}  {text}"),
        Form::Json => println!("{}", json!({"side": side, "text": text})),
    }
}
