//! How sentences became plans.

use std::fmt::Write as _;

use physical_ai_ros::msg::physical_ai_msgs::msg::Decomposition;

use super::svg::escape;

/// Each sentence with who planned it, what the model was asked and answered, and how long that took.
pub fn planning(decompositions: &[Decomposition]) -> String {
    if decompositions.is_empty() {
        return "<p class=\"empty\">no mission came in plain language</p>".to_owned();
    }
    decompositions.iter().map(decomposition).collect()
}

fn decomposition(d: &Decomposition) -> String {
    let planner = match d.planner.as_str() {
        "" => "not planned".to_owned(),
        planner => format!("planned by {}", escape(planner)),
    };
    let mission = match d.mission_id.as_str() {
        "" => "only asked for",
        id => id,
    };
    let mut html = format!(
        "<h3>{}</h3>\n<p class=\"quote\">{}</p>\n<p class=\"facts\">{planner} · {:.0} ms{}</p>\n",
        escape(mission),
        escape(&d.text),
        d.duration_s * 1e3,
        usage(d),
    );
    if !d.error_msg.is_empty() {
        let _ = writeln!(html, "<p class=\"facts\">{}</p>", escape(&d.error_msg));
    }
    for (title, text) in [("Prompt", &d.prompt), ("Answer", &d.answer)] {
        if !text.is_empty() {
            let _ = writeln!(
                html,
                "<details open><summary>{title}</summary><pre>{}</pre></details>",
                escape(text)
            );
        }
    }
    html
}

fn usage(d: &Decomposition) -> String {
    if d.worker.is_empty() {
        return String::new();
    }
    let u = &d.usage;
    format!(
        " · {}: {} tokens read ({} of them known), {} written, first after {:.0} ms, last after {:.0} ms",
        escape(&d.worker),
        u.prompt_tokens,
        u.cached_tokens,
        u.generated_tokens,
        u.first_token_s * 1e3,
        u.total_s * 1e3,
    )
}
