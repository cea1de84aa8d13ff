# One image for web, worker, beat and migrations; the static files are built in.
FROM node:22.21-bookworm-slim AS frontend
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM python:3.11.14-slim-bookworm
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 UV_PYTHON_DOWNLOADS=never
WORKDIR /app
COPY requirements requirements
RUN python -m venv .venv \
    && python -m pip install --no-cache-dir --require-hashes -r requirements/uv.txt \
    && uv pip install --no-cache --compile-bytecode --require-hashes -r requirements/run.txt
COPY . .
COPY --from=frontend /app/node_modules node_modules
# Collecting needs settings, but neither a database nor a real key.
RUN python -m msc.frontend collect \
    && rm -rf node_modules \
    && DATABASE_URL=postgres:///none SECRET_KEY=only-for-collecting-the-static-files-while-building-the-image \
       python manage.py collectstatic --no-input \
    && useradd --system --no-create-home msc \
    && chown -R msc var
USER msc
EXPOSE 8000
CMD ["gunicorn", "--config=python:msc.gunicorn", "msc.wsgi"]
