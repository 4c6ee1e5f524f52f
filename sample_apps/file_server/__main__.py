"""python -m sample_apps.file_server"""

from sample_apps.file_server import app, config

if __name__ == "__main__":
    app.run(config.HOST, config.PORT)
