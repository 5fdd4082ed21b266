"""What is said of a package, workbook or JSON text as a whole: code -> language -> (what is wrong, what to do)."""

from __future__ import annotations

from types import MappingProxyType


def message(zh: str, zh_do: str, en: str, en_do: str, ko: str, ko_do: str) -> MappingProxyType[str, tuple[str, str]]:
    """One code: what is wrong and what to do, in each language."""
    return MappingProxyType({"zh-Hant": (zh, zh_do), "en": (en, en_do), "ko": (ko, ko_do)})


PACKAGE: MappingProxyType[str, MappingProxyType[str, tuple[str, str]]] = MappingProxyType(
    {
        # the package
        "not_found": message(
            "找不到檔案",
            "請確認路徑",
            "No such file or folder",
            "Check the path",
            "파일을 찾을 수 없음",
            "경로를 확인하십시오",
        ),
        "source_needed": message(
            "套件未說明資料屬於誰",
            "請以 --source 名稱 指明來源，同一來源每次使用同一名稱",
            "The package does not say whose data it is",
            "Give --source NAME, the same name each time for the same source",
            "누구의 데이터인지 알 수 없음",
            "--source 이름 으로 출처를 지정하고, 같은 출처에는 늘 같은 이름을 쓰십시오",
        ),
        "source_reserved": message(
            "hub 這個名稱保留給在此手動填寫的資料",
            "請以 --source 使用其他名稱",
            "The name hub is kept for what people write here",
            "Give another name with --source",
            "hub는 이곳에서 직접 입력한 데이터를 위한 이름임",
            "--source 로 다른 이름을 쓰십시오",
        ),
        "not_a_zip": message(
            "不是有效的 ZIP 檔",
            "請重新壓縮後再送出",
            "Not a readable zip",
            "Pack it again and send it again",
            "올바른 ZIP 파일이 아님",
            "다시 압축하여 보내십시오",
        ),
        "damaged": message(
            "檔案已損壞",
            "請重新壓縮後再送出",
            "The file is damaged",
            "Pack it again and send it again",
            "파일이 손상됨",
            "다시 압축하여 보내십시오",
        ),
        "encrypted": message(
            "檔案已加密",
            "請移除密碼",
            "The file is encrypted",
            "Remove the password",
            "암호화된 파일",
            "암호를 제거하십시오",
        ),
        "link": message(
            "含有連結",
            "請放入真正的檔案",
            "It holds a link",
            "Put the file itself in the package",
            "링크가 포함됨",
            "실제 파일을 넣으십시오",
        ),
        "path": message(
            "檔案路徑超出資料包",
            "請使用相對路徑",
            "A path leads out of the package",
            "Use plain relative paths",
            "경로가 패키지를 벗어남",
            "상대 경로를 사용하십시오",
        ),
        "twice": message(
            "檔案重複",
            "請移除重複檔案",
            "A file is there twice",
            "Remove one of them",
            "파일이 중복됨",
            "하나를 제거하십시오",
        ),
        "too_big": message(
            "檔案過大", "請分批送出", "Too big", "Send it in parts", "파일이 너무 큼", "나누어 보내십시오"
        ),
        "too_many_entries": message(
            "檔案過多", "只保留資料表", "Too many files", "Keep only the tables", "파일이 너무 많음", "표만 남기십시오"
        ),
        "bomb": message(
            "壓縮比例異常",
            "請送出未壓縮的資料夾",
            "It unpacks to far too much",
            "Send an ordinary zip or a folder",
            "압축률이 비정상적임",
            "일반 ZIP이나 폴더로 보내십시오",
        ),
        "nested_zip": message(
            "壓縮檔內還有壓縮檔",
            "請解開內層後重新壓縮",
            "There is a zip inside the zip",
            "Unpack the inner one and pack its files",
            "ZIP 안에 또 ZIP이 있음",
            "안쪽 ZIP을 풀어 다시 압축하십시오",
        ),
        "busy": message(
            "另一個匯入正在進行",
            "請待其完成後再試",
            "Another import is under way",
            "Wait until it has ended, then try again",
            "다른 가져오기가 진행 중임",
            "끝난 뒤 다시 시도하십시오",
        ),
        "bad_descriptor": message(
            "datapackage.json 無法讀取",
            "請修正 JSON",
            "datapackage.json cannot be read",
            "Correct the JSON",
            "datapackage.json을 읽을 수 없음",
            "JSON을 수정하십시오",
        ),
        "no_tables": message(
            "沒有可辨識的資料表",
            "請使用 HSDS 檔名",
            "No HSDS table in it",
            "Name the files as HSDS does",
            "HSDS 표가 없음",
            "HSDS 파일 이름을 사용하십시오",
        ),
        "encoding": message(
            "文字編碼無法辨識",
            "請以 UTF-8 儲存",
            "The text encoding is unknown",
            "Save it as UTF-8",
            "문자 인코딩을 알 수 없음",
            "UTF-8로 저장하십시오",
        ),
        "bad_csv": message(
            "CSV 格式錯誤",
            "請檢查引號",
            "The CSV is broken here",
            "Check the quotation marks",
            "CSV 형식 오류",
            "따옴표를 확인하십시오",
        ),
        "empty_file": message(
            "檔案沒有標題列",
            "請加入標題列",
            "The file has no header",
            "Add the header row",
            "머리글이 없음",
            "머리글 행을 추가하십시오",
        ),
        "missing_column": message(
            "缺少必要欄位",
            "請加入此欄位",
            "A required column is missing",
            "Add the column",
            "필수 열이 없음",
            "열을 추가하십시오",
        ),
        "column_twice": message(
            "欄位名稱重複",
            "請移除重複欄位",
            "A column is there twice",
            "Remove one of them",
            "열이 중복됨",
            "하나를 제거하십시오",
        ),
        "too_many_columns": message(
            "欄位過多",
            "請確認標題列",
            "Too many columns",
            "Check the header row",
            "열이 너무 많음",
            "머리글을 확인하십시오",
        ),
        # workbooks and JSON
        "old_workbook": message(
            "不是 .xlsx 檔，或設有密碼",
            "請移除密碼並另存為 .xlsx",
            "Not an .xlsx workbook, or one with a password",
            "Remove the password and save it as .xlsx",
            ".xlsx 파일이 아니거나 암호가 있음",
            "암호를 제거하고 .xlsx로 저장하십시오",
        ),
        "macros": message(
            "活頁簿含有巨集",
            "請另存為不含巨集的 .xlsx",
            "The workbook holds macros",
            "Save it as .xlsx, without macros",
            "매크로가 포함된 통합 문서",
            "매크로 없이 .xlsx로 저장하십시오",
        ),
        "outside_links": message(
            "活頁簿連結到外部資料或內嵌物件",
            "請改貼為值並移除連結",
            "The workbook links to other files or holds objects",
            "Paste the values and remove the links",
            "다른 파일에 대한 링크나 개체가 있음",
            "값으로 붙여 넣고 링크를 제거하십시오",
        ),
        "formula": message(
            "含有公式或錯誤值，不予計算",
            "請改貼為值",
            "It holds a formula or an error; formulas are not worked out",
            "Paste the value in its place",
            "수식이나 오류 값이 있어 계산하지 않음",
            "값으로 붙여 넣으십시오",
        ),
        "bad_json": message(
            "JSON 格式錯誤",
            "請修正此行",
            "The JSON is broken here",
            "Correct it at this line",
            "JSON 형식 오류",
            "이 줄을 수정하십시오",
        ),
        "object_too_long": message(
            "單一物件過大",
            "請將清單拆成較小的物件",
            "One object is too long",
            "Send a list of smaller objects",
            "개체 하나가 너무 큼",
            "작은 개체의 목록으로 보내십시오",
        ),
        "not_an_object": message(
            "清單中此項不是物件",
            "請更正或移除",
            "The item of the list is no object",
            "Correct or remove it",
            "목록의 항목이 개체가 아님",
            "수정하거나 제거하십시오",
        ),
        "unknown_object": message(
            "無法判斷此物件屬於哪個資料表",
            "請以 HSDS 表名命名檔案或清單",
            "Nothing tells which HSDS table the object is of",
            "Name the file or the list as the table",
            "어느 HSDS 표의 개체인지 알 수 없음",
            "파일이나 목록을 표 이름으로 하십시오",
        ),
        "too_deep": message(
            "物件層次過深",
            "請將資料拆成各資料表",
            "Objects inside objects too many times",
            "Send it as lists of the tables",
            "개체가 너무 깊이 중첩됨",
            "표별 목록으로 보내십시오",
        ),
    }
)
