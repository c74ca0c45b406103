//! What to do about each code that a record may be refused with or a request answered with: one
//! sentence, in every language that people are spoken to in. docs/errors.md repeats the English.

use crate::http::language::Language;

/// What to do about a code.
pub fn remedy(code: &str, language: Language) -> Option<&'static str> {
    let found = REMEDIES.iter().find(|(known, ..)| *known == code);
    found.map(|(_, english, spanish)| match language {
        Language::English => *english,
        Language::Spanish => *spanish,
    })
}

/// Code, English, Spanish.
pub const REMEDIES: &[(&str, &str, &str)] = &[
    // Whole requests.
    (
        "VALIDATION",
        "Correct the fields that `errors` names.",
        "Corrija los campos que indica `errors`.",
    ),
    (
        "F010",
        "Correct the fields that `errors` names, or choose another name.",
        "Corrija los campos que indica `errors` o elija otro nombre.",
    ),
    (
        "UC010",
        "Correct the fields that `errors` names, or choose another name.",
        "Corrija los campos que indica `errors` o elija otro nombre.",
    ),
    (
        "INVALID_SOURCE",
        "Use one of the source names in the message.",
        "Use uno de los nombres de origen que indica el mensaje.",
    ),
    (
        "INVALID_ROLE",
        "Use one of the roles in the message.",
        "Use uno de los roles que indica el mensaje.",
    ),
    ("INVALID_DATE_RANGE", "Swap or correct the dates.", "Invierta o corrija las fechas."),
    (
        "CTR006",
        "Send the exchange rate first (`POST /v2/integrations/currency-exchanges`), or leave the currency out.",
        "Envíe primero el tipo de cambio (`POST /v2/integrations/currency-exchanges`) u omita la moneda.",
    ),
    (
        "PC001",
        "Look the project and the users up: `GET /v1/projects`, `GET /v1/users`.",
        "Busque el proyecto y los usuarios: `GET /v1/projects`, `GET /v1/users`.",
    ),
    (
        "UNAUTHORIZED",
        "Get a new token: `POST /v1/oauth/token`.",
        "Obtenga un token nuevo: `POST /v1/oauth/token`.",
    ),
    (
        "FORBIDDEN",
        "Use another key, or have one made: `crewline key create`.",
        "Use otra clave o pida que se cree una: `crewline key create`.",
    ),
    (
        "ZC001",
        "Create what is missing first, or link it: `POST /api/references`.",
        "Cree primero lo que falta o enlácelo: `POST /api/references`.",
    ),
    (
        "ZC002",
        "Create the position or the seniority first, or link it: `POST /api/references`.",
        "Cree primero el puesto o la seniority, o enlácelos: `POST /api/references`.",
    ),
    ("NOT_ATTACHED", "Leave out those that `errors` names.", "Omita los que indica `errors`."),
    (
        "REFUSAL_NOT_FOUND",
        "Look the item up: `GET /api/refusals`.",
        "Busque el elemento: `GET /api/refusals`.",
    ),
    (
        "REFUSAL_CLOSED",
        "Nothing is left to do; send a new request for what is still missing.",
        "No queda nada por hacer; envíe una solicitud nueva si aún falta algo.",
    ),
    ("EVENT_NOT_FOUND", "Use the `id` of an event.", "Use el `id` de un evento."),
    (
        "EVENTS_GONE",
        "Read the entities anew, then go on after `oldest` - 1.",
        "Vuelva a leer las entidades y continúe después de `oldest` - 1.",
    ),
    (
        "WEBHOOK_NOT_FOUND",
        "Look the webhook up: `GET /api/webhooks`.",
        "Busque el webhook: `GET /api/webhooks`.",
    ),
    (
        "WEBHOOK_NOT_ACTIVE",
        "Resume the webhook first: `POST /api/webhooks/{id}/resume`.",
        "Reanude primero el webhook: `POST /api/webhooks/{id}/resume`.",
    ),
    (
        "E_ROUTE_NOT_FOUND",
        "See `/openapi.json` for what there is.",
        "Consulte en `/openapi.json` lo que existe.",
    ),
    (
        "E_METHOD_NOT_ALLOWED",
        "Use one of the methods in the `Allow` header.",
        "Use uno de los métodos de la cabecera `Allow`.",
    ),
    (
        "ZC004",
        "Update the owner that the message names, or use another id.",
        "Actualice el dueño que indica el mensaje o use otro id.",
    ),
    (
        "DUPLICATE_ID",
        "Update the entity that has the id, or choose another id.",
        "Actualice la entidad que tiene el id o elija otro id.",
    ),
    (
        "DUPLICATE_RANGE",
        "Use the assignment that the message names, or another range.",
        "Use la asignación que indica el mensaje u otro rango.",
    ),
    (
        "DUPLICATE_EMAIL",
        "Link the user that has the e-mail: `POST /api/references` with `\"of\": {\"email\": ...}`.",
        "Enlace el usuario que tiene el correo: `POST /api/references` con `\"of\": {\"email\": ...}`.",
    ),
    (
        "DUPLICATE_WORKING_TIME",
        "Delete the user's other working time first.",
        "Elimine primero el otro horario de trabajo del usuario.",
    ),
    (
        "HAS_DEPENDENCIES",
        "Delete or detach what depends on it first.",
        "Elimine o desvincule primero lo que depende de ello.",
    ),
    (
        "WINDOW_CONFLICT",
        "Choose a period that holds the assignments, or detach the users.",
        "Elija un período que contenga las asignaciones o desvincule a los usuarios.",
    ),
    (
        "WORKSPACE_CONFLICT",
        "Attach the members to the workspace, or detach them from the team.",
        "Asigne los miembros al espacio de trabajo o desvincúlelos del equipo.",
    ),
    (
        "IDEMPOTENCY_KEY_IN_USE",
        "Wait for `Retry-After` seconds and send it again.",
        "Espere los segundos de `Retry-After` y envíela de nuevo.",
    ),
    (
        "IDEMPOTENCY_KEY_REUSED",
        "Give each request a key of its own.",
        "Dé a cada solicitud su propia clave.",
    ),
    (
        "REQUEST_TIMEOUT",
        "Send it again, faster or less at once.",
        "Envíela de nuevo, más rápido o menos de una vez.",
    ),
    (
        "PRECONDITION_FAILED",
        "Read it again, and send the change with the new ETag.",
        "Vuelva a leerlo y envíe el cambio con el nuevo ETag.",
    ),
    ("PAYLOAD_TOO_LARGE", "Send less at once.", "Envíe menos de una vez."),
    (
        "UNSUPPORTED_MEDIA_TYPE",
        "Send JSON with `Content-Type: application/json`.",
        "Envíe JSON con `Content-Type: application/json`.",
    ),
    (
        "TOO_MANY_REQUESTS",
        "Wait for `Retry-After` seconds and send it again.",
        "Espere los segundos de `Retry-After` y envíela de nuevo.",
    ),
    ("INTERNAL", "Report it with the `request_id`.", "Infórmelo con el `request_id`."),
    (
        "UNAVAILABLE",
        "Wait for `Retry-After` seconds and send it again.",
        "Espere los segundos de `Retry-After` y envíela de nuevo.",
    ),
    // Entries and ranges of a contract attach.
    (
        "CE001",
        "Create the user under this source first, or link it: `POST /api/references`.",
        "Cree primero el usuario en este origen o enlácelo: `POST /api/references`.",
    ),
    (
        "USER_MALFORMATTED",
        "Send the user's id as a positive integer.",
        "Envíe el id del usuario como un entero positivo.",
    ),
    (
        "USER_UNKNOWN",
        "Use the id of a user that the company has.",
        "Use el id de un usuario que la empresa tenga.",
    ),
    (
        "LEGACY_FORMAT",
        "Put `start` and `end` into the list `dates`.",
        "Ponga `start` y `end` en la lista `dates`.",
    ),
    (
        "DATES_MISSING",
        "Send a non-empty list `dates`.",
        "Envíe una lista `dates` que no esté vacía.",
    ),
    (
        "START_AND_END_MISSING",
        "Send the range as an object with `start` and `end`.",
        "Envíe el rango como un objeto con `start` y `end`.",
    ),
    ("START_OR_END_MISSING", "Send both `start` and `end`.", "Envíe tanto `start` como `end`."),
    (
        "INVALID_DATE",
        "Send real calendar dates in the form `YYYY-MM-DD`.",
        "Envíe fechas reales del calendario con la forma `AAAA-MM-DD`.",
    ),
    (
        "START_NOT_BEFORE_END",
        "Make the start earlier than the end.",
        "Haga que el inicio sea anterior al fin.",
    ),
    (
        "END_BEFORE_START",
        "Swap or correct the dates of the range.",
        "Invierta o corrija las fechas del rango.",
    ),
    (
        "OUTSIDE_CONTRACT_PERIOD",
        "Choose dates within the contract's period, or change that first.",
        "Elija fechas dentro del período del contrato o cámbielo primero.",
    ),
    (
        "OTHERS_REJECTED",
        "Correct the ranges that were rejected for themselves, and send all of them again.",
        "Corrija los rangos que se rechazaron por sí mismos y envíelos todos de nuevo.",
    ),
    // Users of a team attach.
    (
        "UT011",
        "Nothing is left to do: the user is in the team.",
        "No queda nada por hacer: el usuario ya está en el equipo.",
    ),
    (
        "UT012",
        "Attach the user to the team's workspace first.",
        "Asigne primero el usuario al espacio de trabajo del equipo.",
    ),
    (
        "UT013",
        "Detach the user from the other team of the workspace first.",
        "Desvincule primero al usuario del otro equipo del espacio de trabajo.",
    ),
    // Workspaces of a user.
    (
        "WORKSPACE_INACTIVE",
        "Activate the workspace first, or leave it out.",
        "Active primero el espacio de trabajo u omítalo.",
    ),
    // Records of a currency exchange.
    ("CURRENCY_NOT_FOUND", "Use ISO 4217 codes.", "Use códigos ISO 4217."),
    (
        "OTHER_BASE_CURRENCY",
        "Send the rate to the company's base currency, which the message names.",
        "Envíe el tipo de cambio a la moneda base de la empresa, que indica el mensaje.",
    ),
    (
        "DAYS_DIFFER",
        "Send both moments on the same day in UTC.",
        "Envíe ambos momentos en el mismo día UTC.",
    ),
];
