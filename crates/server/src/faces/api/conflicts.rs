//! Who is double-booked.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use domain::DateRange;
use domain::range::OPEN_END;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::cloud_events::ExternalIdOf;
use super::csv::{self, Cell, Record, exact, text};
use super::list::Page;
use super::window::{self, Named, WindowQuery, called};
use crate::app::Shared;
use crate::faces::wire::{Day, Number};
use crate::http::{Caller, Problem};
use crate::staffing::conflicts::{self, Assigned, Share, Why};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list))
}

/// A user that is double-booked.
#[derive(Serialize, ToSchema)]
struct Conflict {
    /// `contracts`: on more than one contract at once. `leave`: on a contract while away.
    /// `workspaces`: in workspaces with more than 100 percent together, which is so every day.
    #[schema(example = "contracts")]
    kind: &'static str,
    user: Named,
    /// The first day of the conflict within the window.
    from: Day,
    /// The last one.
    to: Day,
    /// The ranges that make it; none for `workspaces`.
    assignments: Vec<InConflict>,
    /// The leave, for `leave`.
    #[schema(required)]
    leave: Option<LeaveInConflict>,
    /// All workspaces of the user, for `workspaces`.
    workspaces: Vec<WorkspaceInConflict>,
    /// What they are together, for `workspaces`, in percent.
    #[schema(required)]
    percentage: Option<Number>,
}

/// A range that takes part in a conflict.
#[derive(Serialize, ToSchema)]
struct InConflict {
    #[schema(example = 501)]
    id: i64,
    contract: Named,
    start_date: Day,
    /// The last day; `null`: it ends with the contract.
    #[schema(required)]
    end_date: Option<Day>,
    /// Who put it there; `null` for ids of ours, and for a source that the key may not use.
    #[schema(required, example = "GLOBANT")]
    source: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
struct LeaveInConflict {
    #[schema(example = 9)]
    id: i64,
    start_date: Day,
    end_date: Day,
    /// What sources call it, of those that the key may use.
    external_ids: Vec<ExternalIdOf>,
}

#[derive(Serialize, ToSchema)]
struct WorkspaceInConflict {
    #[schema(example = 3)]
    id: i64,
    #[schema(example = "Delivery")]
    name: String,
    percentage: Number,
}

fn conflict(found: conflicts::Conflict) -> Conflict {
    let (kind, leave, workspaces, percentage) = match found.why {
        Why::Contracts => ("contracts", None, Vec::new(), None),
        Why::Leave { id, days: DateRange { start, end }, references } => {
            let external_ids = called(references);
            let (start_date, end_date) = (Day(start), Day(end));
            let leave = LeaveInConflict { id, start_date, end_date, external_ids };
            ("leave", Some(leave), Vec::new(), None)
        }
        Why::Workspaces { total, shares } => {
            let shares = shares.into_iter().map(|share: Share| WorkspaceInConflict {
                id: share.workspace_id,
                name: share.name,
                percentage: Number::units(share.percentage),
            });
            ("workspaces", None, shares.collect(), Some(Number::units(total)))
        }
    };
    Conflict {
        kind,
        user: Named::user(found.user, found.user_references),
        from: Day(found.days.start),
        to: Day(found.days.end),
        assignments: found.assignments.into_iter().map(in_conflict).collect(),
        leave,
        workspaces,
        percentage,
    }
}

fn in_conflict(assigned: Assigned) -> InConflict {
    let DateRange { start, end } = assigned.range;
    InConflict {
        id: assigned.id,
        contract: Named {
            id: assigned.contract_id,
            name: assigned.contract_name,
            external_ids: called(assigned.contract_references),
        },
        start_date: Day(start),
        end_date: (end != OPEN_END).then_some(Day(end)),
        source: assigned.source.map(|source| source.name),
    }
}

impl Record for Conflict {
    /// A line for each record that takes part.
    fn lines(&self) -> Vec<Vec<Cell>> {
        let Self { kind, user, from, to, assignments, leave, workspaces, percentage } = self;
        let before = || {
            let user = [exact(user.id), text(&user.name), csv::external_ids(&user.external_ids)];
            let mut line = vec![exact(kind)];
            line.extend(user);
            line.extend([exact(from), exact(to)]);
            line
        };
        let of_leave = match leave {
            None => [exact(()), exact(()), exact(()), exact(())],
            Some(LeaveInConflict { id, start_date, end_date, external_ids }) => {
                let external_ids = csv::external_ids(external_ids);
                [exact(id), exact(start_date), exact(end_date), external_ids]
            }
        };
        let assignment = |one: &InConflict| {
            let InConflict { id, contract, start_date, end_date, source } = one;
            let mut line = before();
            line.extend([exact(id), exact(contract.id), text(&contract.name)]);
            line.push(csv::external_ids(&contract.external_ids));
            line.extend([exact(start_date), exact(end_date), exact(source)]);
            line.extend(of_leave.clone());
            line.extend([exact(()), exact(()), exact(()), exact(percentage)]);
            line
        };
        let workspace = |WorkspaceInConflict { id, name, percentage: share }: &_| {
            let mut line = before();
            line.extend(std::iter::repeat_n(exact(()), 11));
            line.extend([exact(id), text(name), exact(share), exact(percentage)]);
            line
        };
        assignments.iter().map(assignment).chain(workspaces.iter().map(workspace)).collect()
    }
}

const COLUMNS: [&str; 21] = [
    "kind",
    "user_id",
    "user_name",
    "user_external_ids",
    "from",
    "to",
    "assignment_id",
    "contract_id",
    "contract_name",
    "contract_external_ids",
    "start_date",
    "end_date",
    "source",
    "leave_id",
    "leave_start_date",
    "leave_end_date",
    "leave_external_ids",
    "workspace_id",
    "workspace_name",
    "workspace_percentage",
    "percentage",
];

/// Who is double-booked
///
/// In a window of days, by user: users on more than one contract at once, on a contract while away,
/// and in workspaces with more than 100 percent together. Days in a row on which a user is on more
/// than one contract are one conflict, with all ranges that take part. A page ends behind a user: it
/// may be short, or empty, and yet have a `next`, and it may be longer by the conflicts of one user.
/// With `Accept: text/csv` the whole list, read a page at a time, with a line for each record that
/// takes part: an assignment, or a workspace.
#[utoipa::path(
    get,
    path = "/api/conflicts",
    tag = "staffing",
    params(WindowQuery),
    responses((status = 200, description = "A page; as CSV the whole list.", content(
        (Page<Conflict> = "application/json"), (String = "text/csv")
    )))
)]
async fn list(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    query: Result<Query<WindowQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let at = (&app, &caller, &headers);
    window::answer(at, query, &COLUMNS, conflicts::list, conflict).await
}
