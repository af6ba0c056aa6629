"""One file per noun; the order is that of the reference page."""

from api.routes.actions import router as actions
from api.routes.agencies import router as agencies
from api.routes.anchors import router as anchors
from api.routes.attachments import router as attachments
from api.routes.catalogue import router as catalogue
from api.routes.chain import router as chain
from api.routes.commitments import router as commitments
from api.routes.consents import router as consents
from api.routes.documents import router as documents
from api.routes.duties import router as duties
from api.routes.emergencies import router as emergencies
from api.routes.endpoints import router as endpoints
from api.routes.entries import router as entries
from api.routes.explanations import router as explanations
from api.routes.export import router as export
from api.routes.health import router as health
from api.routes.looks import router as looks
from api.routes.marks import router as marks
from api.routes.metrics import router as metrics
from api.routes.parameters import router as parameters
from api.routes.records import router as records
from api.routes.requests import router as requests
from api.routes.retention import router as retention
from api.routes.statistics import router as statistics
from api.routes.subject_consents import router as subject_consents
from api.routes.subjects import router as subjects
from api.routes.submissions import router as submissions

ROUTERS = (
    submissions,
    attachments,
    commitments,
    records,
    subjects,
    statistics,
    looks,
    subject_consents,
    marks,
    retention,
    actions,
    requests,
    consents,
    emergencies,
    duties,
    documents,
    entries,
    anchors,
    agencies,
    endpoints,
    catalogue,
    parameters,
    chain,
    export,
    explanations,
    health,
    metrics,
)
