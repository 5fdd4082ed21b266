"""What is said of a workbook or a JSON text as such: code -> language -> (what is wrong, what to do)."""

from __future__ import annotations

from types import MappingProxyType

from .package_messages import message

FORMATS: MappingProxyType[str, MappingProxyType[str, tuple[str, str]]] = MappingProxyType(
    {
        # workbooks
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
        # JSON
        "bad_json": message(
            "JSON 格式錯誤",
            "請修正此行",
            "The JSON is broken here",
            "Correct it at this line",
            "JSON 형식 오류",
            "이 줄을 수정하십시오",
        ),
        "key_twice": message(
            "同一物件中鍵名重複，無法判斷以何者為準",
            "請只保留一個",
            "A key is there twice in one object: nobody knows which is meant",
            "Keep one of them",
            "한 개체에 같은 키가 두 번 있어 어느 것인지 알 수 없음",
            "하나만 남기십시오",
        ),
        "not_a_number": message(
            "NaN 或 Infinity 不是 JSON 的值",
            "請改為數字或 null",
            "NaN and Infinity are no values of JSON",
            "Write a number or null",
            "NaN과 Infinity는 JSON 값이 아님",
            "숫자나 null로 쓰십시오",
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
