//! The Kubernetes manifests.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::broken::finds;
use crate::comments;
use crate::deployment::{Deployment, Step};
use crate::files::{self, KUBERNETES};
use crate::image::Image;
use crate::layout;
use crate::tools::{self, documents};

/// What the kubelet adds to files and directories of volumes where there is an `fsGroup`.
const GROUP_READS: u32 = 0o440;
const GROUP_DIRECTORY: u32 = 0o2770;

/// The manifests by their kinds, and the text that they come from.
struct Manifests<'a> {
    all: Vec<Value>,
    text: &'a str,
}

impl Manifests<'_> {
    fn of_kind(&self, kind: &str) -> Result<&Value> {
        let found = self.all.iter().find(|it| it["kind"] == kind);
        found.with_context(|| format!("there is no {kind}"))
    }

    fn pod(&self) -> Result<&Value> {
        Ok(&self.of_kind("StatefulSet")?["spec"]["template"]["spec"])
    }

    fn deployment(&self) -> Result<Deployment> {
        let (image, pod) = (Image::of_the_project()?, self.pod()?);
        let (init, serve) = (&pod["initContainers"][0], &pod["containers"][0]);
        ensure!(init["image"] == serve["image"], "two images");
        self.check_user(&image)?;
        self.check_service(serve)?;
        let (init, serve) = (self.step(init, &image)?, self.step(serve, &image)?);
        serve.check_port(&pod["containers"][0]["ports"][0]["containerPort"].to_string())?;
        let probes = probes(&pod["containers"][0])?;
        Ok(Deployment { init, serve, probes, reload: None })
    }

    fn step(&self, container: &Value, image: &Image) -> Result<Step> {
        let arguments = container["args"].as_array().context("no args")?;
        let mut step = image.run(arguments.iter().map(text_of).collect());
        for variable in container["env"].as_array().context("no env")? {
            step.variables.insert(text_of(&variable["name"]), text_of(&variable["value"]));
        }
        step.writable = Vec::new();
        for mount in container["volumeMounts"].as_array().context("no mounts")? {
            self.mount(mount, &mut step)?;
        }
        Ok(step)
    }

    fn mount(&self, mount: &Value, step: &mut Step) -> Result<()> {
        let place = text_of(&mount["mountPath"]);
        let volume = named(&self.pod()?["volumes"], &mount["name"])?;
        if let Some(claim) = volume.get("persistentVolumeClaim") {
            let held = self.of_kind("PersistentVolumeClaim")?;
            ensure!(held["metadata"]["name"] == claim["claimName"], "there is no {claim}");
            step.writable.push((place, GROUP_DIRECTORY));
            return Ok(());
        }
        let (secret, mode) = (&volume["secret"], volume["secret"]["defaultMode"].as_u64());
        let mode = u32::try_from(mode.context("no mode")?)? | GROUP_READS;
        let keys = self.keys_of_secret(&text_of(&secret["secretName"]))?;
        step.secrets.extend(keys.into_iter().map(|key| (format!("{place}/{key}"), mode)));
        Ok(())
    }

    /// What the head of the file puts into the secret.
    fn keys_of_secret(&self, name: &str) -> Result<Vec<String>> {
        let created = format!("kubectl create secret generic {name} ");
        ensure!(comments::lines(self.text).any(|line| line.starts_with(&created)), "no {name}");
        let literals = self.text.split("--from-literal=").skip(1);
        let keys = literals.filter_map(|literal| Some(literal.split_once('=')?.0.to_owned()));
        Ok(keys.collect())
    }

    /// Files of the data directory are the user's alone: the kubelet may open the volume's root to the group, once, and
    /// must not open all that lies in it each time the pod starts.
    fn check_user(&self, image: &Image) -> Result<()> {
        let context = &self.pod()?["securityContext"];
        for name in ["runAsUser", "runAsGroup", "fsGroup"] {
            let id = text_of(&context[name]);
            ensure!(id == image.user, "{name} is {id}, and the image has {}", image.user);
        }
        ensure!(context["fsGroupChangePolicy"] == "OnRootMismatch", "files open to the group");
        Ok(())
    }

    fn check_service(&self, container: &Value) -> Result<()> {
        let (service, set) = (self.of_kind("Service")?, self.of_kind("StatefulSet")?);
        let labels = &set["spec"]["template"]["metadata"]["labels"];
        ensure!(&service["spec"]["selector"] == labels, "the service finds no pod");
        ensure!(&set["spec"]["selector"]["matchLabels"] == labels, "the set finds no pod");
        ensure!(set["spec"]["serviceName"] == service["metadata"]["name"], "another service");
        named(&container["ports"], &service["spec"]["ports"][0]["targetPort"]).map(drop)?;
        let namespace = &self.of_kind("Namespace")?["metadata"]["name"];
        let inside = self.all.iter().filter(|manifest| manifest["kind"] != "Namespace");
        let mut namespaces = inside.map(|manifest| &manifest["metadata"]["namespace"]);
        ensure!(namespaces.all(|it| it == namespace), "they are not all in {namespace}");
        Ok(())
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The item of a list with this name.
fn named<'a>(list: &'a Value, name: &Value) -> Result<&'a Value> {
    let found = list.as_array().into_iter().flatten().find(|item| &item["name"] == name);
    found.with_context(|| format!("nothing is called {name}"))
}

fn probes(container: &Value) -> Result<Vec<String>> {
    let probes = ["startupProbe", "readinessProbe", "livenessProbe"].map(|name| {
        let get = &container[name]["httpGet"];
        named(&container["ports"], &get["port"])?;
        Ok(get["path"].as_str().with_context(|| format!("no {name}"))?.to_owned())
    });
    probes.into_iter().collect()
}

#[test]
fn what_kubernetes_starts_stands() {
    let Some(python) = tools::python() else { return };
    let check = |text: &str| {
        let manifests = Manifests { all: documents(&python, text)?, text };
        layout::check(&manifests.deployment()?)
    };
    let mistakes = [
        ("value: /run/secrets/mcp-auth/jwt_secret", "value: /run/secrets/jwt_secret"),
        ("--from-literal=jwt_secret=", "--from-literal=secret="),
        ("secretName: mcp-auth,", "secretName: mcp-auth-secret,"),
        ("claimName: mcp-auth-data", "claimName: mcp-auth"),
        (
            "{name: MCP_DATA_DIR, value: /var/lib/mcp-auth/data}",
            "{name: MCP_DATA_DIR, value: /data}",
        ),
        // The volume's root is open to the group, and so would be the data directory.
        ("value: /var/lib/mcp-auth/data", "value: /var/lib/mcp-auth"),
        ("name: MCP_TRUSTED_PROXIES", "name: MCP_TRUSTED_PROXY"),
        ("value: 10.0.0.0/8", "value: 10.0.0.0/33"),
        ("args: [serve]", "args: [serve, --port, 8000]"),
        ("containerPort: 8000", "containerPort: 8080"),
        ("targetPort: http", "targetPort: web"),
        (
            "{httpGet: {path: /ready, port: http}, periodSeconds: 5}",
            "{httpGet: {path: /ready, port: web}}",
        ),
        ("runAsUser: 10001", "runAsUser: 1000"),
        ("selector: {app: mcp-auth}", "selector: {app: mcp}"),
        ("        fsGroupChangePolicy: OnRootMismatch\n", ""),
    ];
    finds(check, &files::text(KUBERNETES), &mistakes);
}
