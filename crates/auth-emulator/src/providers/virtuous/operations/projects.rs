//! Projects. `revenueAccountingCode` in writes is `projectCode` in reads and patches; reads have an object for the custom fields,
//! an empty one in recordings.
//!
//! Assumption (types): type and inventory status can be any string, since organizations have their own types.
//! Assumption (patch-twice): a patch that contains a project twice changes it twice, in order.

use serde_json::{Value, json};

use crate::providers::virtuous::base::custom::{self, RecordKind};
use crate::providers::virtuous::base::fields::{
    Field, custom_list, custom_map, flag, int, number, one_of, text, time,
};
use crate::providers::virtuous::base::record::Record;
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::violations::{NOT_VALID, REQUIRED};
use crate::providers::virtuous::base::{dates, money};
use crate::providers::virtuous::data::job::{Job, Outcome, Output, envelope, new_record};
use crate::providers::virtuous::data::received::Sums;
use crate::providers::virtuous::data::store::Store;
use crate::providers::virtuous::query::{self, Schema, Type, Values, cell_of, parameter};
use crate::providers::virtuous::records::special;

const TYPES: &[&str] = &["General", "Program", "Missionary", "Sponsorship"];
const FREQUENCIES: &[&str] = &[
    "Once",
    "OneTime",
    "Weekly",
    "Bimonthly",
    "Monthly",
    "Quarterly",
    "Semiannually",
    "Annually",
    "Biennially",
    "Yearly",
    "Custom",
];

/// The maximum number of projects in a patch.
const MAX_BATCH: usize = 100;

const WRITE: &[Field] = &[
    text("name").required(),
    text("revenueAccountingCode").read_as("projectCode"),
    text("inventoryStatus"),
    text("type"),
    text("location"),
    text("onlineDisplayName"),
    text("description"),
    text("externalAccountingCode"),
    text("durationType"),
    time("startDate"),
    time("endDate"),
    number("financialNeedAmount"),
    text("financialNeedType"),
    one_of("financialNeedFrequency", FREQUENCIES),
    flag("isPublic"),
    flag("isActive"),
    flag("isAvailableOnline"),
    flag("isLimitedToFinancialNeed"),
    flag("isTaxDeductible"),
    flag("treatAsAccountsPayable"),
    flag("isRestrictedToGiftSpecifications"),
    int("parentId"),
    number("beginningBalance"),
    number("currentBalance"),
    flag("enableSync"),
    custom_list(RecordKind::Project),
];
const PATCH: &[Field] = &[
    int("id").required(),
    text("name"),
    text("projectCode"),
    text("onlineDisplayName"),
    text("description"),
    number("financialNeedAmount"),
    number("beginningBalance"),
    number("currentBalance"),
    text("type"),
    time("startDate"),
    time("endDate"),
    custom_map(RecordKind::Project),
];
const BALANCE: &[Field] = &[number("beginningBalance"), number("currentBalance")];
const SEARCH: &[Field] = &[text("search")];

/// The parameters that clients use; no recording has the list.
pub(crate) static SCHEMA: Schema = Schema {
    parameters: &[
        parameter("Project Id", Type::Int, "id"),
        parameter("Project Name", Type::String, "name").among(Values::Projects),
        parameter("Project Code", Type::String, "projectCode").known(),
        parameter("External Accounting Code", Type::String, "externalAccountingCode").known(),
        parameter("Project Type", Type::List, "type").among(Values::Usual(TYPES)),
        parameter("Inventory Status", Type::String, "inventoryStatus").known(),
        parameter("Location", Type::String, "location").known(),
        parameter("Parent Project Id", Type::Int, "parentId").known(),
        parameter("Active", Type::Boolean, "isActive"),
        parameter("Public", Type::Boolean, "isPublic"),
        parameter("Financial Need Amount", Type::Decimal, "financialNeedAmount"),
        parameter("Start Date", Type::Date, "startDate").known(),
        parameter("Create Date", Type::Date, "created"),
        parameter("Create DateTime UTC", Type::Date, "created"),
        parameter("Last Modified Date", Type::Date, "modified"),
    ],
    shared: &[],
    sorts: &[],
    custom: Some(RecordKind::Project),
};

/// Executes an operation on projects. `None`: another kind of operation.
pub(crate) fn execute(job: &mut Job<'_>) -> Option<Outcome> {
    Some(match job.call.operation {
        "projects.get" => get(job, job.id("projectId")),
        "projects.by_code" => by_code(job),
        "projects.search" => search(job),
        "projects.create" => create(job),
        "projects.update" => update(job),
        "projects.patch" => patch(job),
        "projects.set_status" => set_status(job),
        "projects.set_balance" => set_balance(job),
        "projects.custom_fields" => Ok(Output::Json(custom::listed(job.store.custom(RecordKind::Project)))),
        "projects.types" => Ok(Output::Json(json!(TYPES))),
        "projects.query_options" => Ok(Output::Json(query::options(&SCHEMA, job.store))),
        "projects.query" => run(job),
        _ => return None,
    })
}

/// A project, without sums in rows of a query, as recorded.
fn shown(project: &Record, store: &Store, received: Option<&Sums>) -> Value {
    const VALUES: &[&str] = &[
        "name",
        "projectCode",
        "externalAccountingCode",
        "onlineDisplayName",
        "description",
        "photoUrl",
        "parentId",
        "inventoryStatus",
        "type",
        "location",
        "beginningBalance",
        "currentBalance",
        "financialNeedType",
        "financialNeedFrequency",
        "financialNeedAmount",
        "startDate",
        "endDate",
        "durationType",
    ];
    const FLAGS: &[&str] = &[
        "isRestrictedToGiftSpecifications",
        "isLimitedToFinancialNeed",
        "isPublic",
        "isActive",
        "isAvailableOnline",
        "isTaxDeductible",
        "treatAsAccountsPayable",
    ];
    let mut shown = project.audited(VALUES, FLAGS);
    let parent = project.int("parentId").and_then(|id| store.projects.get(id));
    let (this_year, ..) = dates::civil(store.today);
    let sums = |year| received.map(|sums| sums.get(&(project.id, year)).copied().unwrap_or_default());
    let (life, year) = (sums(None), sums(Some(this_year)));
    let expenses = |year| received.map(|_| special::expenses(store, project.id, year));
    let more = json!({
        "parentName": parent.as_ref().map(|parent| parent.text("name")),
        "isSubProject": parent.is_some(),
        "lifeToDateGiving": life.map(|life| money::json(life.amount)),
        "lifeToDateGiftCount": life.map(|life| life.gifts),
        "lifeToDateGiversCount": life.map(|life| life.givers),
        "lifeToDateExpenseTotal": expenses(None),
        "calendarYearToDateGiving": year.map(|year| money::json(year.amount)),
        "calendarYearToDateGiftCount": year.map(|year| year.gifts),
        "calendarYearToDateGiversCount": year.map(|year| year.givers),
        "calendarYearToDateExpenseTotal": expenses(Some(this_year)),
        "giftSpecifications": [],
        "customFields": custom::as_map(store.custom(RecordKind::Project), &project.custom),
    });
    if let Value::Object(more) = more {
        shown.extend(more);
    }
    for amount in ["beginningBalance", "currentBalance", "financialNeedAmount"] {
        if shown.get(amount).is_none_or(Value::is_null) {
            shown.insert(amount.to_owned(), json!(0.0));
        }
    }
    Value::Object(shown)
}

fn one(project: &Record, store: &Store) -> Value {
    shown(project, store, Some(&store.gifts.received()))
}

fn get(job: &Job<'_>, id: i64) -> Outcome {
    let project = job.store.projects.find(id)?;
    Ok(Output::Json(one(&project, job.store)))
}

/// The project with this code.
fn id_by_code(store: &Store, code: &str) -> Option<i64> {
    let projects = store.projects.rows();
    let mut ids = projects.filter(|(_, row)| store.projects.materialize(row).text("projectCode") == code);
    ids.next().map(|(id, _)| id)
}

fn by_code(job: &mut Job<'_>) -> Outcome {
    let id = id_by_code(job.store, job.call.param("projectCode")).ok_or(Problem::NotFound)?;
    get(job, id)
}

fn search(job: &mut Job<'_>) -> Outcome {
    let search = job.search("search", SEARCH)?;
    let received = job.store.gifts.received();
    let projects = job.store.projects.rows().map(|(_, row)| job.store.projects.materialize(&row));
    let fits = |project: &Record| {
        ["name", "projectCode"].iter().any(|name| project.text(name).to_lowercase().contains(&search))
    };
    let found: Vec<_> = projects.filter(|project| fits(project)).collect();
    let total = found.len();
    let page = job.parameters.page.of(&found);
    Ok(envelope(page.into_iter().map(|project| shown(project, job.store, Some(&received))).collect(), total))
}

/// The first invalid field of a project, with the reason, given the other `changed` projects.
fn wrong(project: &Record, changed: &[Record], store: &Store) -> Option<(&'static str, &'static str)> {
    let code = project.text("projectCode");
    let is_other = |other: &Record| other.id != project.id && other.text("projectCode") == code;
    let stored = || {
        let mut projects = store.projects.rows().map(|(_, row)| store.projects.materialize(&row));
        projects.any(|other| is_other(&other) && !changed.iter().any(|changed| changed.id == other.id))
    };
    if !code.is_empty() && (changed.iter().any(is_other) || stored()) {
        return Some(("projectCode", "Another project has this code."));
    }
    let parent = project.int("parentId")?;
    let leads_nowhere = parent == project.id || store.projects.get(parent).is_none();
    leads_nowhere.then_some(("parentId", "There is no such project."))
}

/// Stores a checked project and notes the event for webhooks, unless the request disabled it.
fn put(job: &mut Job<'_>, project: Record, switch: &'static str) -> Result<Value, Problem> {
    let shown = one(&project, job.store);
    job.store.projects.put(project.id, project)?;
    if job.parameters.flag("disableWebhookUpdates") {
        job.checks.pass("no webhooks for this write");
    } else {
        job.event(switch, "project", shown.clone());
    }
    Ok(shown)
}

fn save(job: &mut Job<'_>, project: Record, switch: &'static str) -> Result<Value, Problem> {
    match wrong(&project, &[], job.store) {
        None => put(job, project, switch),
        // Writes have another name for the code.
        Some(("projectCode", words)) => Err(Problem::field("project.revenueAccountingCode", words)),
        Some((member, words)) => Err(Problem::field(format!("project.{member}"), words)),
    }
}

fn create(job: &mut Job<'_>) -> Outcome {
    let given = job.fields("project", WRITE)?;
    let id = job.store.projects.next_id();
    let project = new_record(id, given, job);
    save(job, project, "projectCreate").map(Output::Json)
}

fn update(job: &mut Job<'_>) -> Outcome {
    let mut project = job.store.projects.find(job.id("projectId"))?.into_owned();
    let given = job.change("project", WRITE)?;
    job.replace(&mut project, given, "project", WRITE)?;
    save(job, project, "projectUpdate").map(Output::Json)
}

/// Changes only the given fields; all or none.
fn patch(job: &mut Job<'_>) -> Outcome {
    let Value::Array(list) = job.body("projects")? else { return Err(Problem::field("projects", NOT_VALID)) };
    if list.is_empty() || list.len() > MAX_BATCH {
        return Err(Problem::field("projects", "Between 1 and 100 are taken at once."));
    }
    let (mut projects, mut parameters): (Vec<Record>, Vec<String>) = Default::default();
    for (index, value) in list.iter().enumerate() {
        let parameter = format!("projects[{index}]");
        let mut given = job.read(value, &parameter, PATCH)?;
        let id = given.remove("id").and_then(|id| id.as_i64()).unwrap_or_default();
        let mut project = match projects.iter().position(|project| project.id == id) {
            Some(before) => {
                parameters.remove(before);
                projects.remove(before)
            }
            None => match job.store.projects.find(id) {
                Ok(project) => project.into_owned(),
                Err(_) => return Err(Problem::field(format!("{parameter}.id"), "There is no such project.")),
            },
        };
        custom::apply(&mut project.custom, given.remove("customFields"), true);
        project.write(
            given,
            crate::providers::virtuous::base::fields::read_names(PATCH).filter(|name| *name != "id"),
            true,
        );
        project.audit.touch(job.store.now);
        if project.text("name").is_empty() {
            return Err(Problem::field(format!("{parameter}.name"), REQUIRED));
        }
        projects.push(project);
        parameters.push(parameter);
    }
    // If two projects have the same code, the last one is invalid.
    for (project, parameter) in projects.iter().zip(&parameters).rev() {
        if let Some((member, words)) = wrong(project, &projects, job.store) {
            return Err(Problem::field(format!("{parameter}.{member}"), words));
        }
    }
    job.store.projects.has_capacity_for(projects.iter().map(|project| project.id))?;
    for project in projects {
        put(job, project, "projectUpdate")?;
    }
    Ok(Output::Json(json!({})))
}

/// Both values are in the query; the call has no body.
fn set_status(job: &mut Job<'_>) -> Outcome {
    let mut project = job.store.projects.find(job.id("projectId"))?.into_owned();
    let status = job.parameters.text("inventoryStatus").unwrap_or_default().to_owned();
    project.set("inventoryStatus", status);
    project.audit.touch(job.store.now);
    save(job, project, "projectUpdate")?;
    Ok(Output::Empty)
}

fn set_balance(job: &mut Job<'_>) -> Outcome {
    let mut project = job.store.projects.find(job.id("projectId"))?.into_owned();
    let given = job.change("balance", BALANCE)?;
    job.replace(&mut project, given, "balance", BALANCE)?;
    save(job, project, "projectUpdate").map(Output::Json)
}

fn run(job: &mut Job<'_>) -> Outcome {
    let query = job.query(&SCHEMA)?;
    let store = &*job.store;
    let rows = store.projects.rows().map(|(id, row)| (id, store.projects.materialize(&row)));
    let (ids, total) =
        query.plan.run(rows, job.parameters.page, |_, project, source| cell_of(project, source));
    let found: Result<Vec<Value>, Problem> =
        ids.iter().map(|id| store.projects.find(*id).map(|project| shown(&project, store, None))).collect();
    Ok(envelope(found?, total))
}
