# The program of a gateway: one image for api, worker, migration and administration. The command says which.
FROM python:3.11.14-bookworm AS packages
WORKDIR /opt/gongzhi
RUN python -m venv .venv
COPY requirements.lock .
RUN .venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock

FROM python:3.11.14-slim-bookworm
WORKDIR /opt/gongzhi
ENV PATH=/opt/gongzhi/.venv/bin:$PATH \
    PYTHONPATH=/opt/gongzhi \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
COPY --from=packages /opt/gongzhi/.venv .venv
COPY LICENSE ./
COPY contracts/artifacts contracts/artifacts
COPY ledger ledger
COPY api api
# Its free space is looked at; nothing is written there.
RUN python -m compileall -q ledger api && mkdir /var/lib/gongzhi
USER 10001:10001
ENTRYPOINT ["python", "-m"]
CMD ["api"]
