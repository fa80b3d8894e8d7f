# The app, on a CPU or a GPU: PyPI's torch brings its CUDA libraries along.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 \
    DIFFSMOOTH_STORE=sqlite:////data/store.sqlite DIFFSMOOTH_MODELS=/data/models \
    DIFFSMOOTH_DATASETS=/data/datasets DIFFSMOOTH_DATA=/data/pictures

WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
RUN useradd --create-home diffsmooth && mkdir /data && chown diffsmooth /data
USER diffsmooth
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
# Inside the container the server has to be reachable from outside it; allowedHosts still names who may ask.
CMD ["streamlit", "run", "app.py", "--server.address", "0.0.0.0"]
